import { useMemo, useState } from 'react';
import { useT } from '../../i18n';
import { merge3, settle, type Choice, type Piece } from '../../lib/merge3';
import { Button } from '../../ui/button';
import { CodeDiff } from '../../ui/code/lazy';
import { cx } from '../../ui/cx';
import { Dialog } from '../../ui/dialog';
import { Strip } from '../../ui/states';
import type { Base } from './form';

interface Props {
  base: Base;
  theirs: Base;
  mine: string;
  type: string;
  onClose: () => void;
  onMerged: (content: string) => void;
}

type Conflict = Extract<Piece, { kind: 'conflict' }>;

function Side({ title, lines, on, onChoose }: { title: string; lines: string[]; on: boolean; onChoose: () => void }) {
  const t = useT();
  return (
    <button type="button" role="radio" aria-checked={on} onClick={onChoose} className={cx('flex min-w-0 flex-col rounded-lg border text-left', on ? 'border-accent bg-accent-soft' : 'border-line-strong bg-surface hover:bg-hover')}>
      <span className="flex items-center gap-2 px-3 pt-2 text-xs font-medium text-fg-2">
        <span aria-hidden className={cx('size-3.5 shrink-0 rounded-full border', on ? 'border-4 border-accent' : 'border-line-strong')} />
        {title}
      </span>
      <code className="block overflow-x-auto px-3 py-2 font-mono text-xs whitespace-pre">{lines.length ? lines.join('\n') : <i className="text-fg-3">{t.merge.removed}</i>}</code>
    </button>
  );
}

function ConflictBox({ piece, choice, index, onChoose }: { piece: Conflict; choice: Choice | undefined; index: number; onChoose: (choice: Choice) => void }) {
  const t = useT();
  return (
    <div role="radiogroup" aria-label={t.merge.conflict(index + 1)} className="flex flex-col gap-2 rounded-xl border border-line p-3">
      <div className="flex items-center justify-between gap-2">
        <h3 className="text-sm font-semibold">{t.merge.conflict(index + 1)}</h3>
        <Button role="radio" aria-checked={choice === 'both'} look={choice === 'both' ? 'primary' : 'plain'} onClick={() => onChoose('both')}>
          {t.merge.both}
        </Button>
      </div>
      <div className="grid gap-2 sm:grid-cols-2">
        <Side title={t.merge.theirs} lines={piece.theirs} on={choice === 'theirs'} onChoose={() => onChoose('theirs')} />
        <Side title={t.merge.mine} lines={piece.mine} on={choice === 'mine'} onChoose={() => onChoose('mine')} />
      </div>
    </div>
  );
}

/** Somebody published meanwhile: what both changed apart is joined, the rest is chosen. */
export function Merge({ base, theirs, mine, type, onClose, onMerged }: Props) {
  const t = useT();
  const pieces = useMemo(() => merge3(base.content, theirs.content, mine), [base.content, theirs.content, mine]);
  const conflicts = pieces.filter((piece): piece is Conflict => piece.kind === 'conflict');
  const [choices, setChoices] = useState<(Choice | undefined)[]>(() => conflicts.map(() => undefined));
  const merged = settle(pieces, choices);
  const left = choices.filter((choice) => !choice).length;
  return (
    <Dialog
      open
      sticky
      onClose={onClose}
      size="full"
      title={t.merge.title}
      description={theirs.exists ? t.merge.text(theirs.version) : t.merge.gone}
      footer={
        <>
          <Button onClick={onClose}>{t.edit.goOn}</Button>
          <Button look="primary" why={merged === undefined && t.merge.left(left)} onClick={() => merged !== undefined && onMerged(merged)}>
            {t.merge.take}
          </Button>
        </>
      }
    >
      <Strip tone="info">{conflicts.length ? t.merge.conflicts(conflicts.length) : t.merge.clean}</Strip>
      {conflicts.map((piece, i) => (
        <ConflictBox key={i} index={i} piece={piece} choice={choices[i]} onChoose={(choice) => setChoices(choices.map((old, at) => (at === i ? choice : old)))} />
      ))}
      {merged !== undefined && <CodeDiff before={theirs.content} after={merged} type={type} beforeTitle={theirs.version || t.history.nothing} afterTitle={t.merge.result} className="min-h-80 flex-1" />}
    </Dialog>
  );
}
