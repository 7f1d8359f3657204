import { Eye, LockKeyhole } from 'lucide-react';
import { useState } from 'react';
import type { ConfigName } from '../../api/config';
import { maskToken, reveal, type ConfigFull } from '../../api/extconfig';
import { useAct } from '../../app/mutate';
import { useT } from '../../i18n';
import { Button, IconButton } from '../../ui/button';
import { CopyButton } from '../../ui/copybutton';
import { Dialog } from '../../ui/dialog';
import { Strip } from '../../ui/states';

const nameOf = (config: ConfigFull): ConfigName => ({ ns: config.namespaceId, group: config.groupName, dataId: config.dataId });

/** Why somebody may not have secrets shown; nothing if he may. */
export function useMayReveal() {
  const t = useT();
  return (config: ConfigFull) => !config.reveal && t.secrets.mayNot(`${config.namespaceId}:${config.groupName}:reveal/${config.dataId}`);
}

function Secret({ config, line, path }: { config: ConfigFull; line: number; path: string }) {
  const t = useT();
  const [value, setValue] = useState<string>();
  const act = useAct({
    run: () => reveal(nameOf(config), { line, md5: config.md5 ?? undefined }),
    then: ({ values }) => setValue(values.filter((one) => one.path === path).map((one) => one.value).join('\n')),
  });
  return (
    <li className="flex items-start justify-between gap-3 border-b border-line py-2 last:border-b-0">
      <span className="min-w-0 flex-1">
        <span className="block font-medium wrap-anywhere">{path}</span>
        <span className="text-xs text-fg-2">{t.secrets.line(line)}</span>
        <code className="mt-1 block max-h-40 overflow-auto font-mono text-xs wrap-anywhere whitespace-pre-wrap">{value ?? maskToken}</code>
      </span>
      {value === undefined ? <IconButton label={t.secrets.show(path)} icon={Eye} disabled={act.isPending} onClick={() => act.mutate()} /> : <CopyButton text={value} label={t.secrets.copy(path)} />}
    </li>
  );
}

/** Says that the server has hidden secrets, and has single ones shown. */
export function SecretsStrip({ config }: { config: ConfigFull }) {
  const t = useT();
  const mayNot = useMayReveal();
  const [open, setOpen] = useState(false);
  const masks = config.masks ?? [];
  if (!masks.length) return null;
  return (
    <>
      <Strip tone="info" icon={LockKeyhole} action={<Button icon={Eye} why={mayNot(config)} onClick={() => setOpen(true)}>{t.secrets.reveal}</Button>}>
        {t.secrets.hidden(masks.length)}
      </Strip>
      <Dialog open={open} onClose={() => setOpen(false)} size="medium" title={t.secrets.title(config.dataId)} description={t.secrets.audited} footer={<Button onClick={() => setOpen(false)}>{t.common.close}</Button>}>
        <ul className="text-sm">
          {masks.map(({ line, path }) => (
            <Secret key={`${line} ${path}`} config={config} line={line} path={path} />
          ))}
        </ul>
      </Dialog>
    </>
  );
}
