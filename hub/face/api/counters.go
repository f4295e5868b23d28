package api

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// counters counts one route's requests by status and measures how long they
// take. The stream's time is not measured: it lasts as long as it is watched.
func (a *API) counters(rt *route) func(status int, took time.Duration) {
	name := rt.method + " " + rt.path
	var byStatus sync.Map // int → *metrics.Counter
	var took *metrics.Histogram
	if rt.path != streamPath {
		took = a.set.GetOrCreateHistogram(fmt.Sprintf(`gatehouse_http_request_seconds{route=%q}`, name))
	}
	return func(status int, d time.Duration) {
		if status == 0 {
			status = http.StatusOK
		}
		c, ok := byStatus.Load(status)
		if !ok {
			c, _ = byStatus.LoadOrStore(status,
				a.set.GetOrCreateCounter(fmt.Sprintf(`gatehouse_http_requests_total{route=%q,status="%d"}`, name, status)))
		}
		c.(*metrics.Counter).Inc()
		if took != nil {
			took.Update(d.Seconds())
		}
	}
}

// metricsPage writes all counters in the Prometheus text form. A program on
// this machine may read it; others need the right metrics.read.
func (a *API) metricsPage(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	a.set.WritePrometheus(w)
	for _, more := range a.o.Metrics {
		more(w)
	}
	metrics.WriteProcessMetrics(w)
}
