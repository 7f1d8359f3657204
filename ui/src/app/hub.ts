// The stream of live updates. It runs inside a shared worker, one for all tabs
// (a browser opens six connections to a host, and each tab would take one), or
// in the page itself where there are no shared workers.
export type Link = 'connecting' | 'live' | 'polling' | 'ended';

export type Message =
  | { kind: 'link'; link: Link }
  | { kind: 'hello'; uiBuild: string; epoch: string; seq: number }
  | { kind: 'invalidate'; topics: string[]; seq: number }
  | { kind: 'tick'; t: number; values: Record<string, number> };

export interface Hub {
  start(): void;
  stop(): void;
}

const silence = 5000; // milliseconds without a hello before polling takes over
const pause = 3000; // milliseconds between failed polls, and before a refused stream is asked for again
const refusals = 3; // of the stream, before polling takes over

export function createHub(root: string, emit: (message: Message) => void): Hub {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let poll: AbortController | undefined;
  let epoch = '';
  let seq = 0;
  let refused = 0;

  const hello = (text: string) => {
    clearTimeout(timer);
    refused = 0;
    const { uiBuild, ...at } = JSON.parse(text) as { epoch: string; seq: number; uiBuild: string };
    ({ epoch, seq } = at);
    emit({ kind: 'hello', uiBuild, epoch, seq });
    emit({ kind: 'link', link: 'live' });
  };

  const changed = (text: string) => {
    const said = JSON.parse(text) as { seq: number; topics: string[] };
    seq = said.seq;
    emit({ kind: 'invalidate', topics: said.topics, seq });
  };

  const stop = () => {
    clearTimeout(timer);
    source?.close();
    poll?.abort();
    source = undefined;
    poll = undefined;
  };

  const bye = (text: string) => {
    const { reason } = JSON.parse(text) as { reason: string };
    if (reason !== 'login') return; // after a shutdown the browser connects again by itself
    stop();
    emit({ kind: 'link', link: 'ended' });
  };

  const longPoll = async () => {
    source?.close();
    const control = new AbortController();
    poll = control;
    while (!control.signal.aborted) {
      try {
        const answer = await fetch(`${root}/changes?epoch=${encodeURIComponent(epoch)}&seq=${seq}&wait=25`, { headers: { 'X-Console': '1' }, signal: control.signal });
        if (!answer.ok) throw new Error(String(answer.status));
        const { data } = (await answer.json()) as { data: { epoch: string; seq: number; topics: string[]; reset: boolean } };
        emit({ kind: 'link', link: 'polling' });
        ({ epoch, seq } = data);
        if (data.reset) emit({ kind: 'invalidate', topics: ['*'], seq });
        else if (data.topics?.length) emit({ kind: 'invalidate', topics: data.topics, seq });
      } catch {
        if (control.signal.aborted) return;
        emit({ kind: 'link', link: 'connecting' });
        await new Promise((done) => setTimeout(done, pause));
      }
    }
  };

  // A browser connects again by itself when a stream breaks off, but not when it is
  // answered with an error: by a server that is still starting, or the proxy before it.
  const lost = () => {
    emit({ kind: 'link', link: 'connecting' });
    if (source?.readyState !== EventSource.CLOSED) return;
    clearTimeout(timer);
    source = undefined;
    timer = setTimeout(() => (++refused < refusals ? start() : void longPoll()), pause);
  };

  const start = () => {
    if (source || poll) return;
    clearTimeout(timer);
    emit({ kind: 'link', link: 'connecting' });
    source = new EventSource(`${root}/events`);
    source.addEventListener('hello', (event) => hello((event as MessageEvent<string>).data));
    source.addEventListener('invalidate', (event) => changed((event as MessageEvent<string>).data));
    source.addEventListener('tick', (event) => emit({ kind: 'tick', ...(JSON.parse((event as MessageEvent<string>).data) as { t: number; values: Record<string, number> }) }));
    source.addEventListener('bye', (event) => bye((event as MessageEvent<string>).data));
    source.onerror = lost;
    timer = setTimeout(() => void longPoll(), silence);
  };

  return { start, stop };
}
