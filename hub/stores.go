package hub

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
	"gatehouse/storage"
	"gatehouse/zigbee"
	"gatehouse/zwave"
)

// panelStore keeps the panel in one cell of a file of its own.
type panelStore struct{ cell *storage.Cell[alarm.Panel] }

func (s panelStore) Load() (alarm.Panel, bool, error) { return s.cell.Load() }
func (s panelStore) Save(p alarm.Panel) error         { return s.cell.Save(p) }

// deviceStore keeps devices by id.
type deviceStore struct {
	db    *storage.DB
	table *storage.Table[home.Device]
}

func (s deviceStore) Put(devices ...home.Device) error {
	return s.db.Update(func(tx *storage.Tx) error {
		for _, d := range devices {
			if err := s.table.PutTx(tx, string(d.ID), d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s deviceStore) Delete(id home.DeviceID) error { return s.table.Delete(string(id)) }
func (s deviceStore) All() ([]home.Device, error)   { return values(s.table) }

// nodeStore keeps what is known of Z-Wave nodes, by network and node.
type nodeStore struct{ table *storage.Table[zwave.Node] }

func nodeKey(homeID uint32, id zwave.NodeID) string {
	return fmt.Sprintf("%08x/%05d", homeID, id)
}

func (s nodeStore) LoadNodes(homeID uint32) ([]zwave.Node, error) {
	rows, err := s.table.All()
	if err != nil {
		return nil, err
	}
	var list []zwave.Node
	prefix := fmt.Sprintf("%08x/", homeID)
	for _, r := range rows {
		if len(r.Key) > len(prefix) && r.Key[:len(prefix)] == prefix {
			list = append(list, r.Value)
		}
	}
	return list, nil
}

func (s nodeStore) SaveNode(homeID uint32, n zwave.Node) error {
	return s.table.Put(nodeKey(homeID, n.ID), n)
}

func (s nodeStore) DeleteNode(homeID uint32, id zwave.NodeID) error {
	return s.table.Delete(nodeKey(homeID, id))
}

// zigbeeStore keeps the Zigbee network and its backup, sealed as they hold its keys,
// and what is known of its devices. before, if any, is what there is as long as nothing was
// kept: a demo's.
type zigbeeStore struct {
	network *storage.SealedCell[zigbee.Network]
	devices *storage.Table[zigbee.Device]
	backup  *storage.SealedCell[zigbee.Backup]
	before  *ZigbeeHome
}

func (s zigbeeStore) LoadNetwork() (zigbee.Network, bool, error) {
	n, ok, err := s.network.Load()
	if err == nil && !ok && s.before != nil {
		return s.before.Network, true, nil
	}
	return n, ok, err
}

func (s zigbeeStore) SaveNetwork(n zigbee.Network) error { return s.network.Save(n) }
func (s zigbeeStore) LoadDevices() ([]zigbee.Device, error) {
	list, err := values(s.devices)
	if err == nil && len(list) == 0 && s.before != nil {
		return s.before.Devices, nil
	}
	return list, err
}

func (s zigbeeStore) LoadBackup() (zigbee.Backup, bool, error) { return s.backup.Load() }
func (s zigbeeStore) SaveBackup(b zigbee.Backup) error         { return s.backup.Save(b) }

func (s zigbeeStore) SaveDevice(d zigbee.Device) error { return s.devices.Put(d.IEEE.String(), d) }

func (s zigbeeStore) DeleteDevice(a zigbee.IEEE) error { return s.devices.Delete(a.String()) }

// orderStore keeps what waits for Zigbee devices that sleep.
type orderStore struct{ table *storage.Table[zigbee.Order] }

func (s orderStore) LoadOrders() ([]zigbee.Order, error) { return values(s.table) }
func (s orderStore) SaveOrder(o zigbee.Order) error      { return s.table.Put(orderKey(o.ID), o) }
func (s orderStore) DeleteOrder(id uint64) error         { return s.table.Delete(orderKey(id)) }

func orderKey(id uint64) string { return fmt.Sprintf("%016x", id) }

// noticeStore keeps notices by id.
type noticeStore struct {
	db    *storage.DB
	table *storage.Table[home.Notice]
}

func (s noticeStore) All() ([]home.Notice, error) { return values(s.table) }

func (s noticeStore) Put(added []home.Notice, dropped []string) error {
	return s.db.Update(func(tx *storage.Tx) error {
		for _, n := range added {
			if err := s.table.PutTx(tx, n.ID, n); err != nil {
				return err
			}
		}
		for _, id := range dropped {
			if err := s.table.DeleteTx(tx, id); err != nil {
				return err
			}
		}
		return nil
	})
}

func values[T any](t *storage.Table[T]) ([]T, error) {
	rows, err := t.All()
	if err != nil {
		return nil, err
	}
	list := make([]T, 0, len(rows))
	for _, r := range rows {
		list = append(list, r.Value)
	}
	return list, nil
}

const keySize = 32

// deviceKey reads the key under which codes are hashed, and makes it when there
// is none. Losing it makes every code
// useless, so a key of the wrong size is an error and never replaced.
func deviceKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	switch {
	case err == nil && len(key) == keySize:
		return key, nil
	case err == nil:
		return nil, fmt.Errorf("%s: want %d bytes, found %s; put it back from a backup", path, keySize, strconv.Itoa(len(key)))
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("device key: %w", err)
	}
	key = make([]byte, keySize)
	_, _ = rand.Read(key) // never fails
	if err := storage.WriteFile(path, key); err != nil {
		return nil, fmt.Errorf("device key: %w", err)
	}
	return key, nil
}
