package naming

import (
	"strconv"
	"strings"
)

// understands reports whether a client of that agent string takes pushes by UDP:
// its kind is known and its version new enough for the switches.
func (s *Switches) understands(agent string) bool {
	kinds := [...]struct{ prefix, least string }{
		{"Nacos-Java-Client", s.PushJava},
		{"Nacos-Go-Client", s.PushGo},
		{"Nacos-CSharp-Client", s.PushCSharp},
		{"Nacos-DNS", s.PushPython},
		{"Nacos-C-Client", s.PushC},
		{"vip-client4cpp", s.PushC},
	}
	for _, k := range kinds {
		if strings.HasPrefix(agent, k.prefix) {
			_, version, ok := strings.Cut(agent, ":v")
			return ok && !older(version, k.least)
		}
	}
	return false
}

// older reports whether version a is before b. Three numbers count, a suffix does
// not.
func older(a, b string) bool {
	for range 3 {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		if m, n := leading(x), leading(y); m != n {
			return m < n
		}
	}
	return false
}

// leading is the number that s begins with.
func leading(s string) int {
	end := 0
	for end < len(s) && end < 9 && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	n, _ := strconv.Atoi(s[:end])
	return n
}
