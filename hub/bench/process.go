package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// process measures the program as it is installed: size, memory, start, stop.
func process(ctx context.Context, r *run) error {
	if r.bin == "" {
		return nil
	}
	starts, settle := 7, 30*time.Second
	if r.short {
		starts, settle = 2, 5*time.Second
	}
	bin, err := filepath.Abs(r.bin)
	if err != nil {
		return err
	}
	info, err := os.Stat(bin)
	if err != nil {
		return fmt.Errorf("%w: run make build, or name it with -bin", err)
	}
	dir, clean, err := scratch("process")
	if err != nil {
		return err
	}
	defer clean()
	s, err := newStick(dir, reportDoors, devices)
	if err != nil {
		return err
	}
	defer s.stop()
	config, mqtt, err := writeConfig(dir, s.path)
	if err != nil {
		return err
	}

	r.say("process: first start, %d devices are interviewed", devices)
	p, err := serve(ctx, bin, config, dir)
	if err != nil {
		return err
	}
	if err := interviewed(ctx, s, mqtt); err != nil {
		_, _ = p.end()
		return err
	}
	if _, err := p.end(); err != nil {
		return err
	}

	var ready, cpus, stop []time.Duration
	var pss, rss int64
	for i := range starts {
		r.say("process: start %d of %d", i+1, starts)
		p, err := serve(ctx, bin, config, dir)
		if err != nil {
			return err
		}
		ready, cpus = append(ready, p.ready), append(cpus, p.readyCPU)
		if i == 0 {
			sleep(ctx, settle)
			pss, rss = memory(p.Process.Pid)
		}
		leave, err := attach(mqtt, 50)
		if err != nil {
			_, _ = p.end()
			return err
		}
		took, err := p.end()
		leave()
		if err != nil {
			return err
		}
		stop = append(stop, took)
	}
	r.table("The program", []string{"", "measured", "goal"}, [][]string{
		{fmt.Sprintf("memory of the idle hub with %d devices, PSS (RSS)", devices), fmt.Sprintf("%s (%s)", mib(pss), mib(rss)), "< 40 MB"},
		{"own time to ready, median (worst)", fmt.Sprintf("%s (%s), %s of CPU", ms(quantile(ready, .5)), ms(quantile(ready, 1)), ms(quantile(cpus, .5))), "< 500 ms"},
		{"SIGTERM to end with 50 MQTT clients attached, median (worst)", fmt.Sprintf("%s (%s)", ms(quantile(stop, .5)), ms(quantile(stop, 1))), "< 1 s"},
		{"binary", fmt.Sprintf("%.1f MB", float64(info.Size())/1e6), "< 25 MB"},
	})
	return nil
}

// writeConfig writes the configuration of a hub on free ports.
func writeConfig(dir, port string) (file, mqtt string, err error) {
	var addr [3]string
	for i := range addr {
		if addr[i], err = freePort(); err != nil {
			return "", "", err
		}
	}
	text := fmt.Sprintf(`data: %s
listen: {https: "%s", http: "%s"}
name: Bench
interfaces: [lo]
zwave: {port: "%s"}
mqtt: {listen: "", loopback: "%s"}
homekit: {enabled: false}
log: {level: warn}
`, filepath.Join(dir, "data"), addr[0], addr[1], port, addr[2])
	file = filepath.Join(dir, "gatehouse.yaml")
	return file, addr[2], os.WriteFile(file, []byte(text), 0o600)
}

// served is a running gatehouse.
type served struct {
	*child
	ready    time.Duration // from exec to READY=1
	readyCPU time.Duration
}

// serve starts the program and waits until it tells the service manager that
// it is ready.
func serve(ctx context.Context, bin, config, dir string) (*served, error) {
	socket := filepath.Join(dir, "notify")
	_ = os.Remove(socket)
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return nil, err
	}
	defer l.Close()
	c := &child{Cmd: exec.CommandContext(ctx, bin, "serve", "--config", config), lines: make(chan told), ended: make(chan error, 1)}
	c.Env = append(os.Environ(), "NOTIFY_SOCKET="+socket)
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	errs, err := c.StderrPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := c.Start(); err != nil {
		return nil, err
	}
	go func() {
		for s := bufio.NewScanner(errs); s.Scan(); {
			if !strings.Contains(s.Text(), "level=WARN") { // warnings belong to a box without a LAN
				fmt.Fprintln(os.Stderr, "gatehouse:", s.Text())
			}
		}
		c.ended <- c.Wait()
	}()
	if err := l.SetReadDeadline(began.Add(30 * time.Second)); err != nil {
		return nil, err
	}
	buf := make([]byte, 512)
	for {
		n, err := l.Read(buf)
		if err != nil {
			_, _ = c.end()
			return nil, errors.New("gatehouse did not say READY=1 within 30s")
		}
		if strings.Contains(string(buf[:n]), "READY=1") {
			return &served{c, time.Since(began), cpu(c.Process.Pid)}, nil
		}
	}
}

// interviewed wakes the devices until the hub shows what each is.
func interviewed(ctx context.Context, s *stick, mqtt string) error {
	stop := s.wake()
	defer stop()
	known := make(chan string, 10000)
	client := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + mqtt).SetConnectRetry(true).
		SetConnectRetryInterval(200 * time.Millisecond).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) {
			if strings.Contains(string(m.Payload()), `"traits":{"`) {
				known <- m.Topic()
			}
		}))
	if t := client.Connect(); !t.WaitTimeout(20*time.Second) || t.Error() != nil {
		return fmt.Errorf("mqtt: %w", t.Error())
	}
	defer client.Disconnect(0)
	client.Subscribe("gatehouse/device/+", 1, nil).Wait()
	seen := make(map[string]bool)
	timeout := time.After(4 * time.Minute)
	for len(seen) < devices {
		select {
		case topic := <-known:
			seen[topic] = true
		case <-ctx.Done():
			return ctx.Err()
		case <-timeout:
			return fmt.Errorf("only %d of %d devices are known after 4 min", len(seen), devices)
		}
	}
	return nil
}

// attach connects clients that listen to everything.
func attach(mqtt string, n int) (leave func(), err error) {
	var all []paho.Client
	leave = func() {
		for _, c := range all {
			c.Disconnect(0)
		}
	}
	for range n {
		c := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + mqtt).SetAutoReconnect(false).
			SetDefaultPublishHandler(func(paho.Client, paho.Message) {}))
		if t := c.Connect(); !t.WaitTimeout(10*time.Second) || t.Error() != nil {
			leave()
			return nil, fmt.Errorf("mqtt: %w", t.Error())
		}
		all = append(all, c)
		c.Subscribe("gatehouse/#", 1, nil).WaitTimeout(10 * time.Second)
	}
	return leave, nil
}
