import { goToNextChunk, goToPreviousChunk, MergeView, unifiedMergeView } from '@codemirror/merge';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView, lineNumbers } from '@codemirror/view';
import { ChevronDown, ChevronUp } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useT } from '../../i18n';
import { countChanges } from '../../lib/linediff';
import { recall, remember } from '../../lib/persist';
import { settings } from '../../lib/settings';
import { useStore } from '../../lib/store';
import { IconButton } from '../button';
import { cx } from '../cx';
import { highlighting, languageOf } from './languages';
import { look } from './look';
import { phrases } from './phrases';

interface Props {
  before: string;
  after: string;
  type: string;
  beforeTitle: string;
  afterTitle: string;
  className?: string;
}

const around = { margin: 3, minSize: 6 }; // lines kept around a change, and the least that is folded

function build(host: HTMLElement, props: Props, split: boolean, extensions: Extension[], labels: [string, string]): { shown: EditorView; end: () => void } {
  const { before, after } = props;
  const labelled = (label: string) => [...extensions, EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' })];
  if (split) {
    const view = new MergeView({
      parent: host,
      a: { doc: before, extensions: labelled(labels[0]) },
      b: { doc: after, extensions: labelled(labels[1]) },
      collapseUnchanged: around,
      gutter: true,
    });
    return { shown: view.b, end: () => view.destroy() };
  }
  const view = new EditorView({
    parent: host,
    state: EditorState.create({ doc: after, extensions: [...labelled(labels[1]), unifiedMergeView({ original: before, mergeControls: false, collapseUnchanged: around, gutter: true })] }),
  });
  return { shown: view, end: () => view.destroy() };
}

/** Two texts and what differs, side by side or one under the other. */
export default function Diff(props: Props) {
  const { before, after, type, beforeTitle, afterTitle, className } = props;
  const t = useT();
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const { editorSize, wrap } = useStore(settings);
  const [split, setSplit] = useState(() => recall('diff.split', innerWidth >= 900));
  const { added, removed } = countChanges(before, after);
  useEffect(() => {
    const extensions: Extension[] = [phrases(), lineNumbers(), EditorState.readOnly.of(true), EditorView.editable.of(false), highlighting, languageOf(type), look(editorSize), wrap || !split ? EditorView.lineWrapping : []];
    const { shown, end } = build(host.current!, props, split, extensions, [beforeTitle, afterTitle]);
    view.current = shown;
    return end;
  }, [before, after, type, split, editorSize, wrap, beforeTitle, afterTitle]);
  const choose = (next: boolean) => {
    setSplit(next);
    remember('diff.split', next);
  };
  return (
    <div className={cx('flex min-h-0 flex-col overflow-hidden rounded-lg border border-line bg-surface', className)}>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-sunken px-3 py-1.5 text-xs text-fg-2">
        <span className="min-w-0 truncate">
          {beforeTitle} <span aria-hidden>→</span> {afterTitle}
        </span>
        <span className="text-ok">+{added}</span>
        <span className="text-bad">−{removed}</span>
        <span className="ml-auto flex">
          <IconButton data-key="[" label={t.editor.previousChange} icon={ChevronUp} className="size-6" onClick={() => goToPreviousChunk(view.current!)} />
          <IconButton data-key="]" label={t.editor.nextChange} icon={ChevronDown} className="size-6" onClick={() => goToNextChunk(view.current!)} />
        </span>
        <div role="radiogroup" aria-label={t.editor.diffView} className="flex gap-1">
          {([true, false] as const).map((value) => (
            <button key={String(value)} type="button" role="radio" aria-checked={split === value} onClick={() => choose(value)} className={cx('h-6 rounded px-2', split === value ? 'bg-surface font-medium text-fg shadow-sm' : 'hover:bg-hover')}>
              {value ? t.editor.split : t.editor.unified}
            </button>
          ))}
        </div>
      </div>
      {before === after && <p className="px-3 py-2 text-sm text-fg-2">{t.editor.same}</p>}
      <div ref={host} className="min-h-0 flex-1 overflow-auto [&_.cm-mergeView]:h-full [&_.cm-gutters]:border-r-0 [&_.cm-gutters]:bg-transparent!" />
    </div>
  );
}
