package api

import (
	"context"

	"gatehouse/hub/home"
)

// recentNotices lists what a notifier may have missed: never what was there
// before its token, so that making one tells nothing of what happened.
func (a *API) recentNotices(ctx context.Context, _ *none) (*out[[]home.Notice], error) {
	list := []home.Notice{}
	if a.o.Notices == nil {
		return &out[[]home.Notice]{list}, nil
	}
	caller := ask(ctx).caller
	for _, t := range a.o.People.Tokens() {
		if t.ID != caller.ID {
			continue
		}
		for _, n := range a.o.Notices.Kept() {
			if !n.At.Before(t.Created.Time) {
				list = append(list, n)
			}
		}
	}
	return &out[[]home.Notice]{list}, nil
}
