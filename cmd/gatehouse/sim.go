package main

import (
	"context"

	"gatehouse/hub/config"
	"gatehouse/hub/demo"
)

func simulate(ctx context.Context, k *call) error {
	file := k.flags.String("config", "", "read what to simulate from `FILE`; without it, the demo's home")
	if err := k.parse(0, 0); err != nil {
		return err
	}
	c, err := config.LoadSim(*file)
	if err != nil {
		return err
	}
	return demo.Simulate(ctx, c, k.stdout)
}
