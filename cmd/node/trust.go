package node

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/pharos-registry/pharos/cmd/settings"
	"github.com/pharos-registry/pharos/consistency/peer"
	"github.com/pharos-registry/pharos/service/auth"
)

var errNoSecret = errors.New("a cluster needs a secret that its nodes share and nobody else knows: " +
	"set pharos.cluster.secret or PHAROS_CLUSTER_SECRET to the same value on all, for example the output of: openssl rand -base64 32")

// clusterSecret is what the nodes of a cluster share: the secret that was given,
// else the server identity of a Nacos set-up. It is "" where there is neither.
func clusterSecret(set settings.Settings) (string, error) {
	if s := set.Cluster.Secret; s != "" {
		if err := auth.CheckClusterSecret(s); err != nil {
			return "", fmt.Errorf("pharos.cluster.secret: %w; set it to the output of: openssl rand -base64 32", err)
		}
		if len(s) < peer.MinSecret {
			return "", fmt.Errorf("pharos.cluster.secret: %w", peer.ErrWeakSecret)
		}
		return s, nil
	}
	key, value := set.Auth.IdentityKey, set.Auth.IdentityValue
	if err := auth.CheckIdentity(key, value); err != nil || key == "" {
		return "", err
	}
	if err := auth.CheckClusterSecret(value); err != nil {
		return "", fmt.Errorf("nacos.core.auth.server.identity.value: %w; set pharos.cluster.secret, or a value of your own", err)
	}
	if len(value) < peer.MinSecret {
		return "", fmt.Errorf("nacos.core.auth.server.identity.value stands in for pharos.cluster.secret, which is not set, and is too short for it: %w", peer.ErrWeakSecret)
	}
	return key + "\n" + value, nil
}

// trust is what the nodes of a cluster know each other by: certificates where
// they are given, else the secret.
func trust(set settings.Settings) (peer.Credentials, error) {
	if t := set.Cluster.TLS; t.Enabled || t.CertFile != "" {
		return certificates(t)
	}
	secret, err := clusterSecret(set)
	if err != nil {
		return peer.Credentials{}, err
	}
	if secret == "" {
		return peer.Credentials{}, errNoSecret
	}
	return peer.SharedSecret(secret)
}

func certificates(t settings.PeerTLS) (peer.Credentials, error) {
	if t.CertFile == "" || t.KeyFile == "" || t.CAFile == "" {
		return peer.Credentials{}, errors.New("nacos.remote.peer.rpc.tls: certChainFile, certPrivateKey and trustCollectionCertFile are needed, all three, " +
			"for nodes to show each other certificates; or leave them out and set pharos.cluster.secret")
	}
	pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
	if err != nil {
		return peer.Credentials{}, fmt.Errorf("nacos.remote.peer.rpc.tls: %w", err)
	}
	b, err := os.ReadFile(t.CAFile)
	if err != nil {
		return peer.Credentials{}, fmt.Errorf("nacos.remote.peer.rpc.tls.trustCollectionCertFile: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return peer.Credentials{}, fmt.Errorf("nacos.remote.peer.rpc.tls.trustCollectionCertFile: no certificate in %s", t.CAFile)
	}
	return peer.MutualTLS(pair, pool)
}
