import { createHub, type Hub, type Link, type Message } from '../app/hub';

interface Scope {
  onconnect: ((event: MessageEvent) => void) | null;
}

// One hub for all tabs; a tab that is gone is noticed by its missing sign of life.
const tabs = new Map<MessagePort, number>();
const gone = 30_000; // milliseconds without a sign of life
let hub: Hub | undefined;
let link: Link = 'connecting';
let hello: Extract<Message, { kind: 'hello' }> | undefined; // with the number of the last event: what a new tab is told

function emit(message: Message): void {
  if (message.kind === 'link') link = message.link;
  if (message.kind === 'hello') hello = message;
  if (message.kind === 'invalidate' && hello) hello = { ...hello, seq: message.seq };
  tabs.forEach((_, port) => port.postMessage(message));
}

function sweep(): void {
  const now = Date.now();
  tabs.forEach((seen, port) => now - seen > gone && tabs.delete(port));
  if (!tabs.size) {
    hub?.stop();
    hub = undefined;
  }
}

setInterval(sweep, gone / 3);

(self as unknown as Scope).onconnect = (event) => {
  const port = event.ports[0]!;
  port.onmessage = ({ data }: MessageEvent<{ kind: 'start' | 'here' | 'restart' | 'leave'; root: string }>) => {
    if (data.kind === 'leave') {
      tabs.delete(port);
      sweep();
      return;
    }
    tabs.set(port, Date.now());
    if (data.kind === 'restart') {
      hub?.stop();
      hub = undefined;
    }
    hub ??= createHub(data.root, emit);
    if (data.kind !== 'here') {
      hub.start();
      port.postMessage({ kind: 'link', link } satisfies Message);
      if (link === 'live' && hello) port.postMessage(hello);
    }
  };
};
