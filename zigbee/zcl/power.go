package zcl

// Attributes of Power Configuration (3.3.2.2), which has no commands.
const (
	MainsVoltage             Attr = 0x0000 // Uint16, 0.1 V
	MainsAlarmMask           Attr = 0x0010 // Bitmap8
	BatteryVoltage           Attr = 0x0020 // Uint8, 0.1 V
	BatteryPercentage        Attr = 0x0021 // Uint8, half a percent, 200 is full
	BatterySize              Attr = 0x0031 // Enum8
	BatteryQuantity          Attr = 0x0033 // Uint8
	BatteryRatedVoltage      Attr = 0x0034 // Uint8, 0.1 V
	BatteryVoltageMin        Attr = 0x0036 // Uint8, 0.1 V
	BatteryPercentageMin     Attr = 0x003A // Uint8, half a percent
	BatteryAlarmState        Attr = 0x003E // Bitmap32
	BatteryAlarmVoltageBelow      = 1 << 0 // of BatteryAlarmState: the first battery is below its minimum
)
