import type { Level } from '../../ui/status';

/** How the state of a node is shown. */
export const levels: Record<string, Level> = { UP: 'ok', READY: 'ok', STARTING: 'info', SUSPICIOUS: 'warn', DOWN: 'bad', ISOLATION: 'bad' };
