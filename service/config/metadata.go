package config

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// metaItem is a config in the metadata of the second format.
type metaItem struct {
	AppName *string
	DataID  string
	Desc    *string
	Group   string
	Type    string
}

// maxMarks bounds what metadata can hold: every value of it ends with one of
// these signs. Of fifty thousand configs it has some three hundred thousand.
const maxMarks = 1_000_000

// parseMetadata reads the list below the first key, whatever its name. The parser
// bounds how deep things lie in each other; YAML that refers to itself is refused,
// as it can be made to unfold without end.
func parseMetadata(s string) ([]metaItem, error) {
	marks := 0
	for _, sign := range []string{"\n", "\r", ",", "[", "{"} {
		marks += strings.Count(s, sign)
	}
	if marks > maxMarks {
		return nil, errMetadata
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(s), &doc); err != nil {
		return nil, errMetadata
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 || refers(&doc) {
		return nil, errMetadata
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode || len(root.Content) < 2 || root.Content[1].Kind != yaml.SequenceNode {
		return nil, errMetadata
	}
	list := root.Content[1].Content
	items := make([]metaItem, len(list))
	for i, n := range list {
		if n.Kind != yaml.MappingNode {
			return nil, errMetadata
		}
		items[i].fill(n)
	}
	return items, nil
}

// fill takes the fields that it knows from a mapping. A value that is no text, or
// null, is none.
func (m *metaItem) fill(n *yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		v := n.Content[i+1]
		if v.Kind != yaml.ScalarNode || v.ShortTag() == "!!null" {
			continue
		}
		switch n.Content[i].Value {
		case "appName":
			m.AppName = &v.Value
		case "dataId":
			m.DataID = v.Value
		case "desc":
			m.Desc = &v.Value
		case "group":
			m.Group = v.Value
		case "type":
			m.Type = v.Value
		}
	}
}

// refers reports whether a node, or one in it, stands for another.
func refers(n *yaml.Node) bool {
	return n.Kind == yaml.AliasNode || n.Anchor != "" || slices.ContainsFunc(n.Content, refers)
}
