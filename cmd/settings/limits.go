package settings

import "time"

// Limits bound what one caller can make the server hold. A request over a
// limit gets a clear 4xx.
type Limits struct {
	Body           int64         // pharos.limits.body: bytes of a request's body; Nacos's own maxContent
	Upload         int64         // pharos.limits.upload: bytes of an import file
	Header         int           // pharos.limits.header: bytes of a request's head; Nacos starts Tomcat with 512 KiB, we need less
	HeaderTimeout  time.Duration // pharos.limits.header-timeout: to send the head of a request
	BodyTimeout    time.Duration // pharos.limits.body-timeout: to send the rest of it
	IdleTimeout    time.Duration // pharos.limits.idle-timeout: between two requests of a connection
	Drain          time.Duration // pharos.limits.drain: for what is under way when the server stops
	MaxConnections int           // pharos.limits.connections: of HTTP, the console and gRPC together; 0 follows the limit of open files
}

func defaultLimits() Limits {
	return Limits{
		Body:          10 << 20,
		Upload:        64 << 20,
		Header:        64 << 10,
		HeaderTimeout: 10 * time.Second,
		BodyTimeout:   time.Minute,
		IdleTimeout:   2 * time.Minute,
		Drain:         10 * time.Second,
	}
}

func (l *Limits) keys() []key {
	return []key{
		{name: "pharos.limits.body", aliases: []string{"server.tomcat.max-http-form-post-size"}, doc: "largest request body", value: size(&l.Body, 1<<10, 1<<30)},
		{
			name: "pharos.limits.upload", aliases: []string{"spring.servlet.multipart.max-file-size"},
			doc: "largest import file", value: size(&l.Upload, 1<<10, 4<<30),
		},
		{
			name: "pharos.limits.header", aliases: []string{"server.max-http-header-size", "server.max-http-request-header-size"},
			doc: "largest request line and headers together", value: sizeInt(&l.Header, 4<<10, 1<<20),
		},
		{name: "pharos.limits.header-timeout", doc: "time to send the head of a request", value: seconds(&l.HeaderTimeout, 100*time.Millisecond, time.Hour)},
		{name: "pharos.limits.body-timeout", doc: "time to send the body of a request", value: seconds(&l.BodyTimeout, 100*time.Millisecond, time.Hour)},
		{name: "pharos.limits.idle-timeout", doc: "an idle connection is closed after this", value: seconds(&l.IdleTimeout, 100*time.Millisecond, 24*time.Hour)},
		{name: "pharos.limits.drain", doc: "time that requests under way have when the server stops", value: seconds(&l.Drain, 0, time.Hour)},
		{
			name: "pharos.limits.connections", aliases: []string{"server.tomcat.max-connections"},
			doc: "connections open at once on the ports of HTTP, the console and gRPC together, a tenth kept for each; 0 follows the limit of open files", value: number(&l.MaxConnections, 0, 10_000_000),
		},
	}
}
