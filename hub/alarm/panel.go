package alarm

// Panel is the alarm of one house.
type Panel struct{}
