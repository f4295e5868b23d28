// Gatehouse is the home security hub that a family owns outright: one program
// for radios, alarm, page and programs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // boxes without zoneinfo have homes in time zones too

	"gatehouse/storage"
)

// version is set by the build.
var version = "devel"

// command is one sub-command. run returns nil, a usage error (exit 2) or
// another error (exit 1).
type command struct {
	name  string
	args  string // after the name in the usage line
	short string
	run   func(context.Context, *call) error
}

// call is one run of a sub-command: its arguments and where it speaks.
type call struct {
	command
	args   []string
	stdout io.Writer
	stderr io.Writer
	flags  *flag.FlagSet
}

// usageError is a mistake on the command line: exit 2.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// errHelp ends a command whose --help was asked for: exit 0.
var errHelp = errors.New("help")

func commands() []command {
	return []command{
		{"serve", "[--config FILE]", "run the hub", serve},
		{"demo", "[--data DIR] [--listen ADDR]", "run a whole simulated home", demoHome},
		{"sim", "[--config FILE]", "run only the simulated hardware, and print its ports as JSON", simulate},
		{"check-config", "FILE", "say what is wrong with a configuration, by line and key", checkConfig},
		{"token", "create --name N --role R | list | revoke NAME [--data DIR]", "API tokens for programs, for whoever holds the box", tokens},
		{"user", "list | add --name N --role R | remove NAME | reset NAME [--data DIR]", "the people, for whoever holds the box", users},
		{"doctor", "[--config FILE]", "look at ports, permissions, clock, disk, power and radios, and say what to mend", doctor},
		{"zigbee", "dump [--json] | listen | signature DEVICE [--data DIR]", "look at the Zigbee network of the hub that runs, for whoever helps: no keys, no codes", zigbeeTools},
		{"version", "", "print version, commit, Go version and SBOM digest", printVersion},
		{checkDatabase, "FILE", "", func(_ context.Context, k *call) error {
			if err := k.parse(1, 1); err != nil {
				return err
			}
			return storage.CheckFile(k.flags.Arg(0))
		}},
	}
}

// checkDatabase is what the hub runs in a child after an unclean stop, since
// reading a damaged database can end a process. It is not listed.
const checkDatabase = "check-database"

func main() {
	os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr))
}

// Main runs one command line and returns the exit code: 0 done, 1 failed, 2
// wrong usage.
func Main(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		usage(stderr)
		return 2
	}
	switch args[0] {
	case "-h", "--help", "help":
		usage(stdout)
		return 0
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		k := &call{command: c, args: args[1:], stdout: stdout, stderr: stderr}
		k.flags = flag.NewFlagSet(c.name, flag.ContinueOnError)
		k.flags.SetOutput(io.Discard)
		err := c.run(ctx, k)
		var wrong *usageError
		switch {
		case err == nil, errors.Is(err, errHelp):
			return 0
		case errors.As(err, &wrong):
			fmt.Fprintf(stderr, "gatehouse %s: %v\nusage: gatehouse %s %s\n", c.name, err, c.name, c.args)
			return 2
		default:
			fmt.Fprintf(stderr, "gatehouse %s: %v\n", c.name, err)
			return 1
		}
	}
	fmt.Fprintf(stderr, "gatehouse: there is no command %q; gatehouse --help lists them\n", args[0])
	return 2
}

func usage(w io.Writer) {
	fmt.Fprint(w, "gatehouse: the home security hub that a family owns outright\n\nusage: gatehouse COMMAND …\n\n")
	for _, c := range commands() {
		if c.short == "" {
			continue
		}
		fmt.Fprintf(w, "  %-13s %s\n", c.name, c.short)
	}
	fmt.Fprint(w, "\ngatehouse COMMAND --help says more.\n")
}

// parse reads flags; what remains must be at least low and at most high
// arguments (high < 0: any number).
func (k *call) parse(low, high int) error { return k.parseArgs(k.args, low, high) }

func (k *call) parseArgs(args []string, low, high int) error {
	err := k.flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		k.help()
		return errHelp
	}
	if err != nil {
		return &usageError{err.Error()}
	}
	switch n := k.flags.NArg(); {
	case n < low:
		return usagef("something is missing after %q", strings.Join(append([]string{k.name}, args...), " "))
	case high >= 0 && n > high:
		return usagef("%q is too much", k.flags.Arg(high))
	}
	return nil
}

func (k *call) help() {
	fmt.Fprintf(k.stdout, "gatehouse %s: %s\n\nusage: gatehouse %s %s\n", k.name, k.short, k.name, k.command.args)
	k.flags.SetOutput(k.stdout)
	k.flags.PrintDefaults()
	k.flags.SetOutput(io.Discard)
}
