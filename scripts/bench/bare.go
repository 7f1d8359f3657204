package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// bare serves constants of the size of real answers and parses nothing: what
// Gin and net/http cost by themselves.
func bare(ctx context.Context, addr string) error {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	answer := func(contentType, body string) gin.HandlerFunc {
		b := []byte(body)
		return func(c *gin.Context) { c.Data(http.StatusOK, contentType, b) }
	}
	const host = `{"instanceId":"10.0.0.1#8000#DEFAULT#DEFAULT_GROUP@@bench-svc-1","ip":"10.0.0.1","port":8000,"weight":1.0,"healthy":true,"enabled":true,"ephemeral":true,` +
		`"clusterName":"DEFAULT","serviceName":"DEFAULT_GROUP@@bench-svc-1","metadata":{},"instanceHeartBeatInterval":5000,"instanceHeartBeatTimeOut":15000,"ipDeleteTimeout":30000,"instanceIdGenerator":"simple"}`
	list := `{"name":"DEFAULT_GROUP@@bench-svc-1","groupName":"DEFAULT_GROUP","clusters":"","cacheMillis":10000,"hosts":[` +
		strings.Repeat(host+",", 9) + host + `],"lastRefTime":1700000000000,"checksum":"","allIPs":false,"reachProtectionThreshold":false,"valid":true}`
	const jsonType, textType = "application/json;charset=UTF-8", "text/html;charset=UTF-8"
	r.GET("/nacos/v1/console/health/readiness", answer(textType, "OK"))
	r.GET("/nacos/v1/ns/instance/list", answer(jsonType, list))
	r.PUT("/nacos/v1/ns/instance/beat", answer(jsonType, `{"clientBeatInterval":5000,"code":10200,"lightBeatEnabled":true}`))
	r.POST("/nacos/v1/ns/instance", answer(textType, "ok"))
	r.GET("/nacos/v1/cs/configs", answer("text/plain;charset=UTF-8", strings.Repeat("k=v;", 256)))
	r.POST("/nacos/v1/cs/configs", answer(textType, "true"))
	r.POST("/nacos/v1/cs/configs/listener", answer(jsonType, "bench-1%02DEFAULT_GROUP%01\n"))
	s := &http.Server{Addr: addr, Handler: r, ReadHeaderTimeout: time.Minute}
	context.AfterFunc(ctx, func() { _ = s.Close() })
	if err := s.ListenAndServe(); ctx.Err() == nil {
		return fmt.Errorf("serve the yardstick: %w", err)
	}
	return nil
}
