package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"

	"github.com/coreos/go-systemd/v22/daemon"

	"gatehouse/hub"
	"gatehouse/hub/config"
	"gatehouse/storage"
	"gatehouse/web"
)

const defaultConfig = "/etc/gatehouse/gatehouse.yaml"

func serve(ctx context.Context, k *call) error {
	file := k.flags.String("config", defaultConfig, "read the configuration from `FILE`")
	if err := k.parse(0, 0); err != nil {
		return err
	}
	c, err := config.Load(*file)
	if err != nil {
		return err
	}
	log, err := logger(k, c.Log)
	if err != nil {
		return err
	}
	return hub.Run(ctx, hub.Options{
		Config: c, Version: version, Commit: commit(), Log: log,
		Check: storage.InChild(checkDatabase), Web: web.Handler(),
		Notify: func(state string) {
			if _, err := daemon.SdNotify(false, state); err != nil {
				log.Debug("service manager not told", "state", state, "err", err)
			}
		},
		Up: func(page net.Addr) { log.Info("ready", "page", page.String(), "pid", os.Getpid()) },
	})
}

// levelTrace is below debug: raw frames.
const levelTrace = slog.LevelDebug - 4

func logger(k *call, c config.Log) (*slog.Logger, error) {
	levels := map[string]slog.Level{
		"trace": levelTrace, "debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}
	level, ok := levels[c.Level]
	if !ok {
		return nil, fmt.Errorf("log.level: %q is not one of trace, debug, info, warn, error", c.Level)
	}
	o := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(k.stderr, o)), nil
	}
	return slog.New(slog.NewTextHandler(k.stderr, o)), nil
}

func checkConfig(_ context.Context, k *call) error {
	if err := k.parse(1, 1); err != nil {
		return err
	}
	if _, err := config.Load(k.flags.Arg(0)); err != nil {
		return err
	}
	fmt.Fprintln(k.stdout, "ok")
	return nil
}
