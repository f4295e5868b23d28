package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"gatehouse/hub"
	"gatehouse/hub/config"
	"gatehouse/hub/face/api/desk"
	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
	"gatehouse/storage"
)

// atDesk runs do with the desk of the hub whose data lies in dir: through its
// socket when it runs, over the database when it does not.
func atDesk(ctx context.Context, dir string, do func(desk.Desk) error) error {
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("no data folder %s: name the hub's with --data, or start the hub once", dir)
	}
	log := slog.New(slog.DiscardHandler)
	var db *storage.DB
	for tries := 0; ; tries++ {
		d, err := desk.Dial(ctx, filepath.Join(dir, hub.SocketFile))
		if err == nil {
			return do(d)
		}
		if !errors.Is(err, desk.ErrNoHub) {
			return err
		}
		// No hub answers: it does not run, or has only just begun to.
		db, err = storage.Open(filepath.Join(dir, "home.db"), storage.Options{Log: log, Check: storage.InChild(checkDatabase)})
		if err == nil {
			break
		}
		if !errors.Is(err, storage.ErrInUse) || tries == 5 {
			return err
		}
	}
	porter, err := auth.Open(auth.Options{DB: db, Dir: dir, Log: log})
	if err != nil {
		return errors.Join(err, db.Close())
	}
	return errors.Join(do(desk.Over(porter, "the box's shell")), db.Close())
}

// split takes the verb off the arguments; flags may stand on either side of
// what follows it.
func (k *call) split(verbs ...string) (string, error) {
	if len(k.args) == 0 || k.args[0] == "--help" || k.args[0] == "-h" {
		if len(k.args) == 0 {
			return "", usagef("say what to do: one of %v", verbs)
		}
		k.help()
		return "", errHelp
	}
	for _, v := range verbs {
		if k.args[0] == v {
			return v, nil
		}
	}
	return "", usagef("there is no %q; one of %v", k.args[0], verbs)
}

func (k *call) dataFlag() *string {
	return k.flags.String("data", config.Default().Data, "the hub's data folder `DIR`")
}

func ending(days int) time.Time {
	if days == 0 {
		return time.Time{}
	}
	return time.Now().AddDate(0, 0, days)
}

func tokens(ctx context.Context, k *call) error {
	data := k.dataFlag()
	name := k.flags.String("name", "", "what the program is called: `NAME`")
	role := k.flags.String("role", "", "what it may do: `ROLE` is owner, member, guest, installer, viewer, notifier or onlooker")
	days := k.flags.Int("days", 0, "how many days the token is good for; 0: until revoked")
	verb, err := k.split("create", "list", "revoke")
	if err != nil {
		return err
	}
	switch verb {
	case "create":
		if err := k.parseArgs(k.args[1:], 0, 0); err != nil {
			return err
		}
		if *name == "" || *role == "" {
			return usagef("token create needs --name and --role")
		}
		return atDesk(ctx, *data, func(d desk.Desk) error {
			_, secret, err := d.CreateToken(ctx, *name, auth.Role(*role), ending(*days))
			if err != nil {
				return err
			}
			fmt.Fprintln(k.stdout, string(secret))
			return nil
		})
	case "revoke":
		id, err := k.one("token revoke needs the token's name or id")
		if err != nil {
			return err
		}
		return atDesk(ctx, *data, func(d desk.Desk) error { return d.RevokeToken(ctx, id) })
	default:
		if err := k.parseArgs(k.args[1:], 0, 0); err != nil {
			return err
		}
		return atDesk(ctx, *data, func(d desk.Desk) error {
			list, err := d.Tokens(ctx)
			if err != nil {
				return err
			}
			return table(k.stdout, "ID\tNAME\tROLE\tMADE BY\tENDS\tLAST USED", list, func(t auth.Token) []any {
				return []any{t.ID, t.Name, t.Role, t.By, when(t.Ends), when(t.Used)}
			})
		})
	}
}

func users(ctx context.Context, k *call) error {
	data := k.dataFlag()
	name := k.flags.String("name", "", "what the person is called: `NAME`")
	role := k.flags.String("role", "member", "what they may do: `ROLE` is owner, member, guest or installer")
	days := k.flags.Int("days", 0, "how many days the account is good for; 0: for good")
	verb, err := k.split("list", "add", "remove", "reset")
	if err != nil {
		return err
	}
	switch verb {
	case "add":
		if err := k.parseArgs(k.args[1:], 0, 0); err != nil {
			return err
		}
		if *name == "" {
			return usagef("user add needs --name")
		}
		return atDesk(ctx, *data, func(d desk.Desk) error {
			_, invite, err := d.AddUser(ctx, *name, auth.Role(*role), ending(*days))
			return k.invite(invite, err)
		})
	case "remove", "reset":
		id, err := k.one("user " + verb + " needs the person's name or id")
		if err != nil {
			return err
		}
		return atDesk(ctx, *data, func(d desk.Desk) error {
			if verb == "remove" {
				return removeUser(ctx, d, id)
			}
			invite, err := d.ResetUser(ctx, id)
			return k.invite(invite, err)
		})
	default:
		if err := k.parseArgs(k.args[1:], 0, 0); err != nil {
			return err
		}
		return atDesk(ctx, *data, func(d desk.Desk) error {
			list, err := d.Users(ctx)
			if err != nil {
				return err
			}
			return table(k.stdout, "ID\tNAME\tROLE\tSECOND FACTOR\tENDS\tLAST SEEN", list, func(u auth.User) []any {
				return []any{u.ID, u.Name, u.Role, yes(u.Factor), when(u.Ends), when(u.LastSeen)}
			})
		})
	}
}

// removeUser removes an account by its id or the person's name.
func removeUser(ctx context.Context, d desk.Desk, who string) error {
	list, err := d.Users(ctx)
	if err != nil {
		return err
	}
	for _, u := range list {
		if u.ID == who || u.Name == who {
			return d.RemoveUser(ctx, u.ID)
		}
	}
	return &home.NotFound{What: "user", ID: who}
}

// one parses flags before and after the one argument that follows the verb.
func (k *call) one(missing string) (string, error) {
	if err := k.parseArgs(k.args[1:], 0, -1); err != nil {
		return "", err
	}
	if k.flags.NArg() == 0 {
		return "", usagef("%s", missing)
	}
	id := k.flags.Arg(0)
	return id, k.parseArgs(k.flags.Args()[1:], 0, 0)
}

// invite prints the one-time code with which a person sets password and second
// factor anew.
func (k *call) invite(in auth.Invite, err error) error {
	if err != nil {
		return err
	}
	fmt.Fprintln(k.stdout, string(in.Code))
	fmt.Fprintf(k.stderr, "One-time code, good until %s: enter it on the hub's page under /setup.\n", in.Ends)
	return nil
}

func table[T any](w io.Writer, head string, list []T, row func(T) []any) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, head)
	for _, v := range list {
		for i, cell := range row(v) {
			if i > 0 {
				fmt.Fprint(tw, "\t")
			}
			fmt.Fprint(tw, cell)
		}
		fmt.Fprintln(tw)
	}
	return tw.Flush()
}

func when(t *home.Time) string {
	if t == nil {
		return "-"
	}
	return t.String()
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
