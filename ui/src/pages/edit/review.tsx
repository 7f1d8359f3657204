import { CircleCheck, CircleX, GitMerge, Send, TriangleAlert } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { ApiError } from '../../api/errors';
import type { ConfigName } from '../../api/config';
import { publish, type Current } from '../../api/extconfig';
import { useConsent } from '../../app/consent';
import { useAct } from '../../app/mutate';
import { useT } from '../../i18n';
import type { Problem } from '../../lib/lint/check';
import { Button } from '../../ui/button';
import { Checkbox } from '../../ui/choice';
import { CodeDiff } from '../../ui/code/lazy';
import { Dialog } from '../../ui/dialog';
import { Strip } from '../../ui/states';
import type { Base, Written } from './form';
import { Merge } from './merge';

interface Props {
  name: ConfigName;
  base: Base;
  latest: Base;
  written: Written;
  problems: Problem[];
  onClose: () => void;
  onMerged: (content: string, on: Base) => void;
  onDone: () => void;
}

function Check({ level, children }: { level: 'ok' | 'warn' | 'bad'; children: ReactNode }) {
  const Icon = { ok: CircleCheck, warn: TriangleAlert, bad: CircleX }[level];
  return (
    <li className="flex items-start gap-2">
      <Icon size={16} aria-hidden className={`mt-0.5 shrink-0 ${{ ok: 'text-ok', warn: 'text-warn', bad: 'text-bad' }[level]}`} />
      <span>{children}</span>
    </li>
  );
}

const asBase = (base: Base, current: Current): Base => ({ ...base, exists: current.exists, md5: current.md5, content: current.content, version: current.version });

// The other fields of the form, where they differ from what was loaded.
function changedFields(base: Base, written: Written, t: ReturnType<typeof useT>): [string, string, string][] {
  const all: [string, string, string][] = [
    [t.configs.type, base.type, written.type],
    [t.configs.app, base.app, written.app],
    [t.configs.tags, base.tags, written.tags],
    [t.common.description, base.desc, written.desc],
  ];
  return all.filter(([, before, after]) => before !== after);
}

/** The last look before publishing: what changes, for whom, and whether somebody was faster. */
export function Review({ name, base, latest, written, problems, onClose, onMerged, onDone }: Props) {
  const t = useT();
  const [current, setCurrent] = useState<Base | undefined>(latest.md5 !== base.md5 ? latest : undefined);
  const [sure, setSure] = useState(false);
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  const consent = useConsent(name.ns, { offer: true });
  const act = useAct({
    run: () => publish(name, { ...consent.said, content: written.content, type: written.type, desc: written.desc, appName: written.app, tags: written.tags, expect: base.exists ? base.md5 : 'absent' }),
    done: (result) => t.edit.done(result.version),
    stale: [['config', name.ns, name.group, name.dataId], ['configs', name.ns], ['releases', name.ns]],
    then: onDone,
    fail: (error) => {
      const now = error instanceof ApiError && error.conflict ? (error.data as { current?: Current } | null)?.current : undefined;
      if (now) setCurrent(asBase(base, now));
      return Boolean(now);
    },
  });

  if (current) {
    return (
      <Merge
        base={base}
        theirs={current}
        mine={written.content}
        type={written.type}
        onClose={onClose}
        onMerged={(content) => {
          onMerged(content, current);
          setCurrent(undefined);
        }}
      />
    );
  }
  const fields = base.exists ? changedFields(base, written, t) : [];
  const where = `${name.ns} › ${name.group} › ${name.dataId}`;
  return (
    <Dialog
      open
      sticky
      onClose={onClose}
      size="full"
      title={t.edit.reviewTitle}
      description={where}
      footer={
        <>
          <Button onClick={onClose}>{t.edit.goOn}</Button>
          <Button writes look="primary" icon={Send} busy={act.isPending} why={(errors > 0 && !sure && t.edit.fixFirst) || consent.why} onClick={() => act.mutate()}>
            {t.edit.publishTo(latest.listeners)}
          </Button>
        </>
      }
    >
      <div className="grid min-h-0 flex-1 gap-4 lg:grid-cols-[minmax(0,1fr)_18rem]">
        <CodeDiff before={base.content} after={written.content} type={written.type} beforeTitle={base.exists ? t.edit.publishedNow(base.version) : t.history.nothing} afterTitle={t.edit.yours} className="min-h-80" />
        <div className="flex flex-col gap-4 text-sm">
          <ul className="flex flex-col gap-2">
            <Check level={errors ? 'bad' : problems.length ? 'warn' : 'ok'}>{errors ? t.edit.errors(errors) : problems.length ? t.edit.warnings(problems.length) : t.edit.valid}</Check>
            <Check level="ok">{base.exists ? t.edit.baseCurrent : t.edit.isNew}</Check>
            <Check level={latest.listeners ? 'warn' : 'ok'}>{t.edit.reaches(latest.listeners)}</Check>
          </ul>
          {consent.fields}
          {errors > 0 && <Checkbox checked={sure} onChange={setSure} label={t.edit.anyway} />}
          {fields.length > 0 && (
            <dl className="flex flex-col gap-2 rounded-lg bg-sunken p-3">
              {fields.map(([label, before, after]) => (
                <div key={label} className="wrap-anywhere">
                  <dt className="text-xs text-fg-3">{label}</dt>
                  <dd>
                    <del className="text-bad">{before || '–'}</del> <span aria-hidden>→</span> <ins className="text-ok no-underline">{after || '–'}</ins>
                  </dd>
                </div>
              ))}
            </dl>
          )}
          {base.exists && base.content === written.content && !fields.length && (
            <Strip tone="info" icon={GitMerge}>
              {t.edit.unchanged}
            </Strip>
          )}
        </div>
      </div>
    </Dialog>
  );
}
