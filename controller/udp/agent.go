package udp

import (
	"strconv"
	"strings"
)

// Versions are the first versions of the SDKs that take pushes by UDP: the
// switch pushVersion.
type Versions struct{ Java, Go, CSharp, Python, C string }

// Eligible reports whether the SDK that calls itself agent takes pushes by UDP.
func Eligible(agent string, minimum Versions) bool {
	least, ok := minimum.of(agent)
	if !ok {
		return false
	}
	_, version, ok := strings.Cut(agent, ":v")
	return ok && !older(version, least)
}

// of is the rule of contract §12.1, by the beginning of the agent string.
// Nacos-DNS goes by the switch that is called python.
func (v Versions) of(agent string) (least string, ok bool) {
	for _, rule := range [...]struct{ prefix, least string }{
		{"Nacos-Java-Client", v.Java},
		{"Nacos-Go-Client", v.Go},
		{"Nacos-CSharp-Client", v.CSharp},
		{"Nacos-DNS", v.Python},
		{"Nacos-C-Client", v.C},
		{"vip-client4cpp", v.C},
	} {
		if strings.HasPrefix(agent, rule.prefix) {
			return rule.least, true
		}
	}
	return "", false
}

// older compares major.minor.patch by number. What is missing or no number is 0,
// and a suffix such as -SNAPSHOT does not matter.
func older(a, b string) bool {
	x, y := parts(a), parts(b)
	for i := range x {
		if x[i] != y[i] {
			return x[i] < y[i]
		}
	}
	return false
}

func parts(version string) (n [3]uint64) {
	for i := range n {
		var part string
		part, version, _ = strings.Cut(version, ".")
		end := 0
		for end < len(part) && part[end] >= '0' && part[end] <= '9' {
			end++
		}
		n[i], _ = strconv.ParseUint(part[:end], 10, 64)
	}
	return n
}
