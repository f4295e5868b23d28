package main

import (
	"context"
	"log/slog"

	"gatehouse/hub/demo"
	"gatehouse/storage"
	"gatehouse/web"
)

func demoHome(ctx context.Context, k *call) error {
	data := k.flags.String("data", "", "keep the demo's data in `DIR`; without it, a fresh folder that is removed at the end")
	listen := k.flags.String("listen", "127.0.0.1:8080", "serve the page on `ADDR`")
	mqtt := k.flags.String("mqtt", "127.0.0.1:1883", "serve MQTT on the loopback address `ADDR`; \"\" for none")
	rtsp := k.flags.String("rtsp", "", "show the cameras to players (RTSP) at the address `ADDR`; \"\": not")
	verbose := k.flags.Bool("v", false, "log what the hub does")
	if err := k.parse(0, 0); err != nil {
		return err
	}
	level := slog.LevelWarn
	if *verbose {
		level = slog.LevelDebug
	}
	return demo.Run(ctx, demo.Options{
		Data: *data, Listen: *listen, MQTT: *mqtt, RTSP: *rtsp, Version: version,
		Check: storage.InChild(checkDatabase), Web: web.Handler(),
		Log: slog.New(slog.NewTextHandler(k.stderr, &slog.HandlerOptions{Level: level})), Out: k.stdout,
	})
}
