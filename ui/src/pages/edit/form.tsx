import { useBlocker, useNavigate } from '@tanstack/react-router';
import { AlignLeft, Eye, ListTree, LockKeyhole, Maximize2, Minimize2, Send, WrapText } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { ConfigName } from '../../api/config';
import { maskToken } from '../../api/extconfig';
import { useServer } from '../../app/server';
import { useT } from '../../i18n';
import { format } from '../../lib/lint/format';
import { typeOf, types, type Problem } from '../../lib/lint/check';
import { hasOutline } from '../../lib/outline';
import { change, settings } from '../../lib/settings';
import { useStore } from '../../lib/store';
import { bytes } from '../../lib/time';
import { Button, IconButton } from '../../ui/button';
import type { EditorHandle } from '../../ui/code/editor';
import { CodeEditor } from '../../ui/code/lazy';
import { Outline, useOutlined } from '../../ui/code/outline';
import { Confirm } from '../../ui/confirm';
import { cx } from '../../ui/cx';
import { Field, Input, Select } from '../../ui/field';
import { PageHead } from '../../ui/page';
import { Strip } from '../../ui/states';
import { Badge } from '../../ui/status';
import { complain } from '../../ui/toast';
import { Crumbs } from '../config/config';
import { dropDraft, keepDraft, recallDraft } from './draft';
import { Problems } from './problems';
import { Review } from './review';
import { ResumeStrip } from './resume';

/** What the editing began from. */
export interface Base {
  exists: boolean;
  md5: string;
  content: string;
  type: string;
  desc: string;
  app: string;
  tags: string;
  version: string;
  listeners: number;
}

export type Written = Pick<Base, 'content' | 'type' | 'desc' | 'app' | 'tags'>;

const encoder = new TextEncoder();
const differs = (a: Written, b: Written) => a.content !== b.content || a.type !== b.type || a.desc !== b.desc || a.app !== b.app || a.tags !== b.tags;

function nameProblem(t: ReturnType<typeof useT>, dataId: string, group: string): string {
  if (!dataId) return t.edit.dataIdMissing;
  if (!group) return t.edit.groupMissing;
  if (/[\s@#$%^&*]/.test(dataId) || /[\s@#$%^&*]/.test(group)) return t.edit.badName;
  if (dataId.length > 255 || group.length > 127) return t.edit.longName;
  return '';
}

function useLeaveGuard(dirty: boolean) {
  return useBlocker({ shouldBlockFn: () => dirty, enableBeforeUnload: () => dirty, withResolver: true });
}

interface Props {
  name: ConfigName;
  base: Base;
  latest: Base;
  fresh?: boolean;
  /** What the server has hidden of the text, and how it is shown. */
  secrets?: { count: number; why: string | false; busy: boolean; onReveal: () => void } | undefined;
}

/** Writes a configuration: nothing goes out before a review of what changes. */
export function EditForm({ name, base: first, latest, fresh = false, secrets }: Props) {
  const t = useT();
  const has = useServer();
  const navigate = useNavigate();
  const { wrap } = useStore(settings);
  const editor = useRef<EditorHandle>(null);
  const published = useRef(false);
  const [base, setBase] = useState(first);
  const [written, setWritten] = useState<Written>(first);
  const [dataId, setDataId] = useState(name.dataId);
  const [group, setGroup] = useState(name.group);
  const [problems, setProblems] = useState<Problem[]>([]);
  const [cursor, setCursor] = useState<[number, number]>([1, 1]);
  const [tall, setTall] = useState(false);
  const [outlined, toggleOutline] = useOutlined();
  const [reviewing, setReviewing] = useState(false);
  const [draft, setDraft] = useState(() => recallDraft(name.ns, name.group, name.dataId));
  const edit = (part: Partial<Written>) => setWritten((old) => ({ ...old, ...part }));
  const dirty = differs(written, base);
  const size = encoder.encode(written.content).length;
  const guard = useLeaveGuard(dirty && !published.current);
  const target = { ns: name.ns, group, dataId };

  useEffect(() => {
    if (!dirty) return undefined;
    const timer = setTimeout(() => keepDraft(name.ns, name.group, name.dataId, { ...written, base: base.md5, at: Date.now() }), 500);
    return () => clearTimeout(timer);
  }, [written, dirty, base.md5, name.ns, name.group, name.dataId]);

  const why =
    (fresh && nameProblem(t, dataId, group)) ||
    (!written.content.trim() && t.edit.empty) ||
    (size > has.limits.maxContent && t.edit.tooLarge(bytes(has.limits.maxContent))) ||
    (!fresh && !dirty && t.edit.unchanged) ||
    (written.content.includes(maskToken) && t.secrets.inContent);
  const review = () => (why ? complain(new Error(why)) : setReviewing(true));
  const tidy = async () => {
    const text = await format(written.type, written.content);
    if (text === undefined) complain(new Error(t.edit.cannotFormat));
    else editor.current?.replace(text);
  };
  const named = (value: string) => {
    setDataId(value);
    const guess = typeOf(value);
    if (guess) edit({ type: guess });
  };
  const finish = () => {
    published.current = true;
    dropDraft(name.ns, name.group, name.dataId);
    void navigate({ to: '/ns/$ns/configs/$group/$name', params: { ns: name.ns, group, name: dataId }, search: { tab: 'listeners' }, ignoreBlocker: true });
  };
  const back = () => void (fresh ? navigate({ to: '/ns/$ns/configs', params: { ns: name.ns } }) : navigate({ to: '/ns/$ns/configs/$group/$name', params: { ns: name.ns, group, name: dataId } }));

  return (
    <>
      <PageHead
        title={fresh ? t.configs.create : name.dataId}
        crumbs={<Crumbs ns={name.ns} group={fresh ? 'DEFAULT_GROUP' : group} />}
        badges={!fresh && <span className="text-xs text-fg-3">{t.edit.basedOn(base.version)}</span>}
        actions={
          <>
            <Button onClick={back}>{t.common.cancel}</Button>
            <Button writes look="primary" icon={Send} why={why} onClick={() => setReviewing(true)}>
              {t.edit.review}
            </Button>
          </>
        }
      />
      <div className="mb-3 flex flex-col gap-2 empty:hidden">
        {draft && <ResumeStrip draft={draft} base={base} onTake={(kept) => { setDraft(null); setWritten(kept); }} onDrop={() => { setDraft(null); dropDraft(name.ns, name.group, name.dataId); }} />}
        {secrets && (
          <Strip tone="info" icon={LockKeyhole} action={<Button icon={Eye} why={secrets.why || (dirty && t.secrets.dirty)} busy={secrets.busy} onClick={secrets.onReveal}>{t.secrets.revealToEdit}</Button>}>
            {t.secrets.hidden(secrets.count)} {t.secrets.replace}
          </Strip>
        )}
        {latest.md5 !== base.md5 && (
          <Strip action={<Button onClick={() => setReviewing(true)}>{t.edit.viewMerge}</Button>}>{t.edit.published(latest.version)}</Strip>
        )}
      </div>
      <div className="mb-3 grid grid-cols-2 gap-3 lg:grid-cols-6">
        {fresh && <Field label={t.configs.dataId} className="max-sm:col-span-2 lg:col-span-4" error={dataId !== '' && nameProblem(t, dataId, group || 'x')}>{(props) => <Input {...props} autoFocus required value={dataId} onChange={(event) => named(event.target.value)} placeholder="application.yaml" />}</Field>}
        {fresh && <Field label={t.common.group} className="max-sm:col-span-2 lg:col-span-2">{(props) => <Input {...props} required value={group} onChange={(event) => setGroup(event.target.value)} />}</Field>}
        <Field label={t.configs.type}>
          {(props) => (
            <Select {...props} value={written.type} onChange={(event) => edit({ type: event.target.value })}>
              {(types.includes(written.type) ? types : [...types, written.type]).map((type) => (
                <option key={type}>{type}</option>
              ))}
            </Select>
          )}
        </Field>
        <Field label={t.configs.app}>{(props) => <Input {...props} value={written.app} onChange={(event) => edit({ app: event.target.value })} />}</Field>
        <Field label={t.edit.tags} className="lg:col-span-2">{(props) => <Input {...props} value={written.tags} onChange={(event) => edit({ tags: event.target.value })} />}</Field>
        <Field label={t.common.description} className="lg:col-span-2">
          {(props) => <Input {...props} value={written.desc} onChange={(event) => edit({ desc: event.target.value })} />}
        </Field>
      </div>
      <div className={cx('flex flex-col overflow-hidden border border-line bg-surface', tall ? 'fixed inset-0 z-30' : 'h-[calc(100dvh-17rem)] min-h-80 rounded-xl')}>
        <div className="flex flex-wrap items-center gap-x-1 border-b border-line px-2 py-0.5">
          <IconButton label={t.edit.format} icon={AlignLeft} onClick={() => void tidy()} />
          <IconButton label={t.edit.wrap} icon={WrapText} aria-pressed={wrap} onClick={() => change({ wrap: !wrap })} className={wrap ? 'bg-accent-soft text-accent-text' : ''} />
          {hasOutline(written.type) && <IconButton label={t.outline.title} icon={ListTree} aria-pressed={outlined} onClick={toggleOutline} className={cx('max-lg:hidden', outlined && 'bg-accent-soft text-accent-text')} />}
          <IconButton label={tall ? t.edit.small : t.edit.tall} icon={tall ? Minimize2 : Maximize2} onClick={() => setTall(!tall)} />
          {dirty && <Badge level="warn">{t.edit.unpublished}</Badge>}
          <span className="ml-auto px-2 text-xs text-fg-2 tabular-nums">
            {t.edit.at(cursor[0], cursor[1])} · {bytes(size)} / {bytes(has.limits.maxContent)}
          </span>
          {tall && (
            <Button writes look="primary" icon={Send} why={why} onClick={() => setReviewing(true)}>
              {t.edit.review}
            </Button>
          )}
        </div>
        <div className="flex min-h-0 flex-1">
          {outlined && hasOutline(written.type) && <Outline type={written.type} text={written.content} line={cursor[0]} onGo={(line) => editor.current?.goTo(line, 1)} className="w-56 shrink-0 border-r max-lg:hidden" />}
          <div className="min-w-0 flex-1"><CodeEditor
            ref={editor}
            value={written.content}
            type={written.type}
            label={t.config.contentOf(dataId || t.configs.create)}
            original={fresh ? undefined : base.content}
            onChange={(content) => edit({ content })}
            onProblems={setProblems}
            onCursor={(line, column) => setCursor([line, column])}
            onSubmit={review}
          /></div>
        </div>
        <Problems problems={problems} onGo={(problem) => editor.current?.goTo(problem.line, problem.column)} />
      </div>
      {reviewing && (
        <Review
          name={target}
          base={base}
          latest={latest}
          written={written}
          problems={problems}
          onClose={() => setReviewing(false)}
          onMerged={(content, on) => {
            setBase(on);
            edit({ content });
          }}
          onDone={finish}
        />
      )}
      <Confirm local open={guard.status === 'blocked'} onClose={() => guard.reset?.()} title={t.edit.leaveTitle} submit={t.edit.leave} onConfirm={() => guard.proceed?.()}>
        <p>{t.edit.leaveText}</p>
      </Confirm>
    </>
  );
}
