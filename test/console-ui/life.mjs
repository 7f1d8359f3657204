// Clients that live: signs of life, listeners and subscribers, as long as a
// picture or a test needs them. All of it through the public API.
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { gunzipSync } from 'node:zlib';

const md5 = (text) => createHash('md5').update(text).digest('hex');

/** Keeps instances alive until it is stopped. */
export function keepAlive(base, token, instances) {
  const beat = () =>
    Promise.all(
      instances.map(({ serviceName, ip, port, groupName = 'DEFAULT_GROUP', namespaceId = 'public', ...rest }) => {
        const name = `${groupName}@@${serviceName}`;
        return fetch(`${base}v1/ns/instance/beat`, { method: 'PUT', headers: { accessToken: token }, body: new URLSearchParams({ namespaceId, serviceName: name, ip, port, beat: JSON.stringify({ serviceName: name, ip, port, cluster: 'DEFAULT', ...rest }) }) }).catch(() => undefined);
      }),
    );
  void beat();
  const timer = setInterval(() => void beat(), 4000).unref();
  return () => clearInterval(timer);
}

/** A long poll: a client that has this content and waits for another one. */
export function listen(base, token, { dataId, group = 'DEFAULT_GROUP', content, app, agent }, signal) {
  const headers = { 'Long-Pulling-Timeout': '30000', 'Client-AppName': app, 'User-Agent': agent, 'Client-Version': agent, accessToken: token };
  const again = () =>
    fetch(`${base}v1/cs/configs/listener`, { method: 'POST', headers, body: new URLSearchParams({ 'Listening-Configs': `${dataId}\u0002${group}\u0002${md5(content)}\u0001` }), signal }).then(
      () => !signal.aborted && setTimeout(() => void again(), 1000),
      () => undefined,
    );
  void again();
}

/** Subscribes like a 1.x client does; the port is one that nobody has to listen on. */
export const subscribe = (base, token, { serviceName, app, agent, port }) =>
  fetch(`${base}v1/ns/instance/list?${new URLSearchParams({ serviceName, app, udpPort: port, clientIP: '127.0.0.1' })}`, { headers: { 'User-Agent': agent, accessToken: token } });

/** A 1.x client that is told of services: it hears what is pushed, says so, and asks again as clients do. */
export async function follow(base, token, services, { app, ip = '127.0.0.1', namespaceId = 'public' }) {
  const socket = createSocket('udp4');
  socket.on('message', (pushed, from) => {
    const text = String(pushed[0] === 0x1f ? gunzipSync(pushed) : pushed);
    const [, at] = /"lastRefTime":"?(\d+)/.exec(text) ?? [];
    socket.send(JSON.stringify({ type: 'push-ack', lastRefTime: at, data: '' }), from.port, from.address);
  });
  await new Promise((done, fail) => socket.once('error', fail).bind(0, ip, done));
  const udpPort = socket.address().port;
  const headers = { 'User-Agent': 'Nacos-Java-Client:v1.4.6', accessToken: token };
  const ask = (serviceName) => fetch(`${base}v1/ns/instance/list?${new URLSearchParams({ serviceName, app, udpPort, clientIP: ip, namespaceId })}`, { headers }).then((answer) => answer.text());
  await Promise.all(services.map(ask));
  const again = setInterval(() => void Promise.all(services.map(ask)).catch(() => undefined), 5000);
  return () => (clearInterval(again), socket.close());
}
