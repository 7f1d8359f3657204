package settings

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

func number(at *int, least, most int) value {
	return field[int]{
		at: at, show: strconv.Itoa, allowed: fmt.Sprintf("a whole number from %d to %d", least, most),
		parse: func(s string) (int, error) {
			n, err := strconv.Atoi(s)
			if err != nil || n < least || n > most {
				return 0, errIll
			}
			return n, nil
		},
	}
}

// millis is a duration that Nacos writes as a number of milliseconds.
func millis(at *time.Duration, least, most time.Duration) value {
	return duration(at, time.Millisecond, least, most)
}

// seconds is a duration that Nacos writes as a number of seconds.
func seconds(at *time.Duration, least, most time.Duration) value {
	return duration(at, time.Second, least, most)
}

func duration(at *time.Duration, unit, least, most time.Duration) value {
	name := "milliseconds"
	if unit == time.Second {
		name = "seconds"
	}
	return field[time.Duration]{
		at: at, allowed: fmt.Sprintf("a number of %s or a duration such as 90s or 5m, from %v to %v", name, least, most),
		show: func(d time.Duration) string {
			if d%unit == 0 {
				return strconv.FormatInt(int64(d/unit), 10)
			}
			return d.String()
		},
		parse: func(s string) (time.Duration, error) {
			d, err := time.ParseDuration(s)
			if n, bare := strconv.ParseInt(s, 10, 64); bare == nil {
				if n < 0 || n > int64(most/unit) {
					return 0, errIll
				}
				d, err = time.Duration(n)*unit, nil
			}
			if err != nil || d < least || d > most {
				return 0, errIll
			}
			return d, nil
		},
	}
}

// sizeUnits are the letters before the B of a size; Spring's are binary too.
const sizeUnits = "KMGT"

func size(at *int64, least, most int64) value {
	return field[int64]{
		at: at, allowed: "a size such as 65536, 512KB or 10MB, from " + showSize(least) + " to " + showSize(most), show: showSize,
		parse: func(s string) (int64, error) {
			n, err := parseSize(s, most)
			if err != nil || n < least {
				return 0, errIll
			}
			return n, nil
		},
	}
}

func sizeInt(at *int, least, most int64) value {
	f, ok := size(new(int64), least, most).(field[int64])
	if !ok {
		return nil
	}
	return field[int]{
		at: at, allowed: f.allowed, show: func(n int) string { return f.show(int64(n)) },
		parse: func(s string) (int, error) { n, err := f.parse(s); return int(n), err },
	}
}

// parseSize reads 65536, 512K, 512KB or 512KiB.
func parseSize(s string, most int64) (int64, error) {
	s = strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(s), "B"), "I")
	unit := int64(1)
	if s != "" {
		if i := strings.IndexByte(sizeUnits, s[len(s)-1]); i >= 0 {
			unit, s = 1<<(10*(i+1)), s[:len(s)-1]
		}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil || n < 0 || n > most/unit {
		return 0, errIll
	}
	return n * unit, nil
}

func showSize(n int64) string {
	unit := ""
	for i := 0; i < len(sizeUnits) && n >= 1<<10 && n%(1<<10) == 0; i++ {
		n, unit = n>>10, sizeUnits[i:i+1]+"B"
	}
	return strconv.FormatInt(n, 10) + unit
}
