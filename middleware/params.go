package middleware

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unsafe"

	"github.com/pharos-registry/pharos/service"
)

// Params are the parameters of a request: the query string's, then the form
// body's. Of a name given twice the first one counts, as in a servlet. They are
// parsed once, into one slice; a request has few, so a look-up is a scan.
type Params struct {
	pairs []pair
	// Body is the form body as it came, for whoever sends the request on.
	Body []byte

	files []file
}

// file is a part of a multipart form that has a file's name.
type file struct {
	name string
	data []byte
}

// File returns the first uploaded file of that name.
func (p *Params) File(name string) ([]byte, bool) {
	for i := range p.files {
		if p.files[i].name == name {
			return p.files[i].data, true
		}
	}
	return nil, false
}

// Joined returns the values of name with commas between them, as Spring binds
// one text to a name that was given twice.
func (p *Params) Joined(name string) (string, bool) {
	v, ok := "", false
	for i := range p.pairs {
		switch {
		case p.pairs[i].name != name:
		case ok:
			v += "," + p.pairs[i].value
		default:
			v, ok = p.pairs[i].value, true
		}
	}
	return v, ok
}

// Both returns the first value of name and what Joined makes of all of them:
// handlers read the one or the other.
func (p *Params) Both(name string) (first, all string) {
	n := 0
	for i := range p.pairs {
		if p.pairs[i].name != name {
			continue
		}
		if n++; n > 1 {
			all, _ = p.Joined(name)
			return first, all
		}
		first = p.pairs[i].value
	}
	return first, first
}

type pair struct{ name, value string }

// MaxParams bounds the parameters of a request, as Tomcat's maxParameterCount
// does.
const MaxParams = 10_000

// Get returns the first value of name, "" where there is none.
func (p *Params) Get(name string) string {
	for i := range p.pairs {
		if p.pairs[i].name == name {
			return p.pairs[i].value
		}
	}
	return ""
}

// Lookup returns the first value of name and whether the name is there at all.
func (p *Params) Lookup(name string) (string, bool) {
	for i := range p.pairs {
		if p.pairs[i].name == name {
			return p.pairs[i].value, true
		}
	}
	return "", false
}

// Fold returns the first value of a name compared without case.
func (p *Params) Fold(name string) string {
	for i := range p.pairs {
		if strings.EqualFold(p.pairs[i].name, name) {
			return p.pairs[i].value
		}
	}
	return ""
}

// mayIdentify reports whether a parameter has a name of the length of those that
// say who calls: one look at each instead of four.
func (p *Params) mayIdentify() bool {
	for i := range p.pairs {
		switch n := p.pairs[i].name; len(n) {
		case len("username"):
			if strings.EqualFold(n, "username") {
				return true
			}
		case len("accessToken"):
			if strings.EqualFold(n, "accessToken") {
				return true
			}
		case len("Authorization"):
			if strings.EqualFold(n, "Authorization") {
				return true
			}
		}
	}
	return false
}

// Set replaces the value of name, or adds it.
func (p *Params) Set(name, value string) {
	for i := range p.pairs {
		if p.pairs[i].name == name {
			p.pairs[i].value = value
			return
		}
	}
	p.pairs = append(p.pairs, pair{name, value})
}

// Each calls fn with every name and value, in the order they came.
func (p *Params) Each(fn func(name, value string)) {
	for _, x := range p.pairs {
		fn(x.name, x.value)
	}
}

// Encode returns all of the parameters in URL encoding.
func (p *Params) Encode() string {
	var b strings.Builder
	for i, x := range p.pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(x.name))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(x.value))
	}
	return b.String()
}

func (p *Params) reset() {
	clear(p.pairs)
	clear(p.files)
	p.pairs, p.files, p.Body = p.pairs[:0], p.files[:0], nil
}

// trusted is how much of an announced length is set aside before the bytes are
// there.
const trusted = 64 << 10

// Parse is the middleware that fills Request.Params. A form body of more than
// maxBody bytes is refused, if the route has no bound of its own, and one with
// files of more than maxUpload. All bodies that are being received have the room
// of a few of the largest together; who finds none is asked to come back.
func Parse(maxBody, maxUpload int64, bodyTime time.Duration) Middleware {
	const largest = 4
	var room budget
	room.left.Store(largest * max(maxBody, maxUpload))
	return func(route *Route, next Handler) Handler {
		maxBody := max(maxBody, route.MaxBody)
		return func(q *Request) (any, error) {
			r := q.Gin.Request
			if err := q.Params.scan(r.URL.RawQuery); err != nil {
				return nil, err
			}
			if r.Body == nil || r.Body == http.NoBody {
				return next(q)
			}
			if r.ContentLength >= 0 && r.ContentLength <= free { // nothing to draw on the budget
				if err := q.Params.body(q, maxBody, maxUpload, bodyTime); err != nil {
					return nil, err
				}
				return next(q)
			}
			body := &q.body
			*body = metered{ReadCloser: r.Body, budget: &room}
			r.Body = body
			defer func() { // of what the handler reads as well
				body.release()
				r.Body = body.ReadCloser
				*body = metered{}
			}()
			err := q.Params.body(q, maxBody, maxUpload, bodyTime)
			body.release() // what has come will soon be dealt with, or waits, as long polls do
			switch {
			case body.busy: // whatever a parser of forms makes of it
				return nil, errBusy
			case err != nil:
				return nil, err
			}
			return next(q)
		}
	}
}

// body adds the parameters of the request's body, where it is a form.
func (p *Params) body(q *Request, maxBody, maxUpload int64, bodyTime time.Duration) error {
	r := q.Gin.Request
	// Where the deadline cannot be set there is no connection, as in tests. net/http
	// takes it away before the connection's next request; after a failed read it
	// must stay, or net/http would wait for the rest of the body.
	conn := http.NewResponseController(q.Gin.Writer)
	_ = conn.SetReadDeadline(time.Now().Add(bodyTime))
	switch {
	case isForm(q.Header("Content-Type")):
		body, err := readBody(r, maxBody)
		if err != nil {
			return err
		}
		p.Body = body
		// Nobody writes to the body, and what points into it keeps it.
		if err := p.scan(unsafe.String(unsafe.SliceData(body), len(body))); err != nil { //nolint:gosec // as above
			return err
		}
	case strings.HasPrefix(q.Header("Content-Type"), "multipart/form-data"):
		if err := p.parts(r, maxUpload); err != nil {
			return err
		}
	default: // the handler reads it, in the same time
		return nil
	}
	_ = conn.SetReadDeadline(time.Time{}) // so that a long poll can tell a client that leaves from a slow one
	return nil
}

// parts adds the parts of a multipart form. All of it is held in memory, so the
// bound is on the whole.
func (p *Params) parts(r *http.Request, limit int64) error {
	if r.ContentLength > limit {
		return service.Errorf(service.TooLarge, "the request body is larger than %d bytes", limit)
	}
	body := http.MaxBytesReader(nil, r.Body, limit)
	r.Body = body
	m, err := r.MultipartReader()
	if err != nil {
		return service.Wrap(service.BadParam, err, "the multipart form cannot be read")
	}
	for {
		part, err := m.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var data []byte
		if err == nil {
			data, err = io.ReadAll(part)
		}
		if _, over := errors.AsType[*http.MaxBytesError](err); over {
			return service.Errorf(service.TooLarge, "the request body is larger than %d bytes", limit)
		}
		if err != nil {
			return service.Wrap(service.BadParam, err, "the multipart form cannot be read")
		}
		if len(p.pairs)+len(p.files) >= MaxParams {
			return service.Errorf(service.BadParam, "more than %d parameters", MaxParams)
		}
		if part.FileName() != "" {
			p.files = append(p.files, file{part.FormName(), data})
		} else {
			p.pairs = append(p.pairs, pair{part.FormName(), string(data)})
		}
	}
}

func isForm(contentType string) bool {
	const form = "application/x-www-form-urlencoded"
	if strings.HasPrefix(contentType, form) {
		return true
	}
	t, _, err := mime.ParseMediaType(contentType)
	return err == nil && t == form
}

func readBody(r *http.Request, limit int64) ([]byte, error) {
	tooLarge := func() error {
		return service.Errorf(service.TooLarge, "the request body is larger than %d bytes", limit)
	}
	if r.ContentLength > limit {
		return nil, tooLarge()
	}
	var body []byte
	var err error
	if n := r.ContentLength; n >= 0 && n <= trusted {
		body = make([]byte, n)
		_, err = io.ReadFull(r.Body, body)
	} else if body, err = io.ReadAll(io.LimitReader(r.Body, limit+1)); err == nil && int64(len(body)) > limit {
		return nil, tooLarge()
	}
	if err != nil {
		return nil, service.Wrap(service.BadParam, err, "the request body cannot be read")
	}
	return body, nil
}

// scan adds the pairs of s, which is in URL encoding. A pair that does not
// decode is left out, as Tomcat does.
func (p *Params) scan(s string) error {
	for s != "" {
		var part string
		part, s, _ = strings.Cut(s, "&")
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, ok := unescape(name)
		if !ok {
			continue
		}
		if value, ok = unescape(value); !ok {
			continue
		}
		if len(p.pairs) == MaxParams {
			return service.Errorf(service.BadParam, "more than %d parameters", MaxParams)
		}
		p.pairs = append(p.pairs, pair{name, value})
	}
	return nil
}

// unescape decodes s, without an allocation where there is nothing to decode.
// It is url.QueryUnescape in one pass: beats carry a hundred escapes each.
func unescape(s string) (string, bool) {
	i := strings.IndexByte(s, '%')
	if j := strings.IndexByte(s, '+'); i < 0 || j >= 0 && j < i {
		i = j
	}
	if i < 0 {
		return s, true
	}
	b := make([]byte, i, max(i, len(s)-2*strings.Count(s, "%")))
	copy(b, s)
	for ; i < len(s); i++ {
		c := s[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			if i+2 >= len(s) {
				return "", false
			}
			hi, lo := hexDigit[s[i+1]], hexDigit[s[i+2]]
			if hi|lo > 15 {
				return "", false
			}
			c = hi<<4 | lo
			i += 2
		}
		b = append(b, c)
	}
	return unsafe.String(unsafe.SliceData(b), len(b)), true //nolint:gosec // b is not written to again
}

// hexDigit is the value of a digit, 255 for what is none.
var hexDigit = hexDigits() //nolint:gochecknoglobals // a table

func hexDigits() (t [256]byte) {
	for i := range t {
		t[i] = 255
	}
	for i := range 10 {
		t['0'+i] = byte(i)
	}
	for i := range 6 {
		t['a'+i], t['A'+i] = byte(10+i), byte(10+i)
	}
	return t
}
