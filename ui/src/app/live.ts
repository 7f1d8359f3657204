import type { QueryClient } from '@tanstack/react-query';
import type { EventsAt } from '../api/session';
import { settings } from '../lib/settings';
import { createStore } from '../lib/store';
import { createHub, type Link, type Message } from './hub';
import { server } from './server';

/** How the page hears of changes. */
export const link = createStore<Link | 'paused'>('connecting');
export const outdated = createStore(false);
export const lastTick = createStore<{ t: number; values: Record<string, number> } | undefined>(undefined);

const root = () => new URL('v3/console/ext', document.baseURI.split('#')[0]).href;

// Which queries a topic is about.
export function keysOf(topic: string): string[][] {
  const [area = '', ...rest] = topic.split('/').map(decodeURIComponent);
  const ns = rest[0] ?? '';
  switch (area) {
    case 'nodes':
      return [['cluster'], ['leader'], ['overview'], ['marks']];
    case 'configs':
      return [['configs', ns], ['releases', ns], ['recycle', ns], ['overview'], ['marks']];
    case 'listeners':
      return [['listeners', ns], ['config', ns]];
    case 'services':
      return [['services', ns], ['instances', ns], ['clients', ns], ['topology', ns], ['overview']];
    case 'service':
      return [['service', ...rest], ['instances', ns]];
    case 'metrics':
      return [];
    default:
      return [[area, ...rest]];
  }
}

// How far the events were before anything that the page shows was asked for, and
// what it has heard since. A stream that begins further on has left something out.
let heard: EventsAt | undefined;

function greeted({ uiBuild, epoch, seq }: Extract<Message, { kind: 'hello' }>, client: QueryClient): void {
  if (uiBuild && server.get()?.uiBuild && uiBuild !== server.get()?.uiBuild) outdated.set(true);
  const missed = heard !== undefined && (heard.epoch !== epoch || heard.seq < seq);
  heard = { epoch, seq };
  if (missed && settings.get().live) void client.invalidateQueries();
}

function onMessage(message: Message, client: QueryClient): void {
  switch (message.kind) {
    case 'link':
      link.set(settings.get().live ? message.link : 'paused');
      break;
    case 'hello':
      greeted(message, client);
      break;
    case 'invalidate':
      if (heard) heard.seq = message.seq;
      if (!settings.get().live) break;
      if (message.topics.includes('*')) void client.invalidateQueries();
      else message.topics.flatMap(keysOf).forEach((queryKey) => void client.invalidateQueries({ queryKey }));
      break;
    case 'tick':
      if (settings.get().live) lastTick.set({ t: message.t, values: message.values });
  }
}

type Send = (kind: 'start' | 'here' | 'restart' | 'leave') => void;

function throughWorker(receive: (message: Message) => void): Send {
  const worker = new SharedWorker(new URL('../worker/live.shared.ts', import.meta.url), { type: 'module', name: 'pharos-live' });
  worker.port.onmessage = (event: MessageEvent<Message>) => receive(event.data);
  const send: Send = (kind) => worker.port.postMessage({ kind, root: root() });
  setInterval(() => send('here'), 10_000);
  addEventListener('pagehide', () => send('leave'));
  addEventListener('pageshow', (event) => event.persisted && send('start'));
  return send;
}

function inPage(receive: (message: Message) => void): Send {
  const hub = createHub(root(), receive);
  return (kind) => {
    if (kind === 'restart' || kind === 'leave') hub.stop();
    if (kind !== 'leave') hub.start();
  };
}

let send: Send | undefined;

/** Hears of nothing more: the session is about to end. */
export function goSilent(): void {
  send?.('leave');
}

/** Begins to listen to what comes after a place in the events, or listens again as somebody else after a log-in. */
export function goLive(client: QueryClient, since: EventsAt): void {
  heard = { ...since };
  if (send) {
    send('restart');
    return;
  }
  const receive = (message: Message) => onMessage(message, client);
  send = 'SharedWorker' in window ? throughWorker(receive) : inPage(receive);
  send('start');
  let live = settings.get().live;
  settings.subscribe(() => {
    if (settings.get().live === live) return;
    live = settings.get().live;
    link.set(live ? 'connecting' : 'paused');
    if (live) {
      send?.('start');
      void client.invalidateQueries();
    }
  });
}
