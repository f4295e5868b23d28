package main

import (
	"context"

	"gatehouse/hub/demo"
)

func simulate(ctx context.Context, k *call) error {
	if err := k.parse(0, 0); err != nil {
		return err
	}
	return demo.Simulate(ctx, k.stdout)
}
