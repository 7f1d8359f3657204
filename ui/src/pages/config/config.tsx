import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Copy, Download, Ellipsis, Eye, EyeOff, ListTree, Pencil, Trash2 } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';
import { exportAddress, extConfigKeys, getFull, type ConfigFull } from '../../api/extconfig';
import { useAddress, usePath } from '../../app/query';
import { useT } from '../../i18n';
import { hasOutline } from '../../lib/outline';
import { follow } from '../../lib/save';
import { secretsIn } from '../../lib/secrets';
import { settings } from '../../lib/settings';
import { bytes } from '../../lib/time';
import { Button, IconButton } from '../../ui/button';
import type { EditorHandle } from '../../ui/code/editor';
import { CodeEditor } from '../../ui/code/lazy';
import { Outline, useOutlined } from '../../ui/code/outline';
import { CopyButton } from '../../ui/copybutton';
import { cx } from '../../ui/cx';
import { buttonLink, linkLook } from '../../ui/link';
import { Menu, MenuItem, MenuLine } from '../../ui/menu';
import { Card, Facts, PageHead, Tabs } from '../../ui/page';
import { Loaded } from '../../ui/states';
import { Badge, Share } from '../../ui/status';
import { Time } from '../../ui/time';
import { CloneDialog } from '../configs/clone';
import { DeleteConfigs } from '../configs/delete';
import { Samples } from '../samples/samples';
import { GrayTab } from './gray';
import { HistoryTab } from './history';
import { ListenersTab } from './listenerstab';
import { SecretsStrip } from './secrets';

export function Crumbs({ ns, group }: { ns: string; group: string }) {
  const t = useT();
  return (
    <>
      <Link to="/ns/$ns/configs" params={{ ns }} className={linkLook}>
        {t.configs.title}
      </Link>
      <span aria-hidden>/</span>
      <Link to="/ns/$ns/configs" params={{ ns }} search={{ group }} className={linkLook}>
        {group}
      </Link>
    </>
  );
}

function Content({ config }: { config: ConfigFull }) {
  const [hidden, setHidden] = useState(() => settings.get().secrets);
  const secret = useMemo(() => !config.masks?.length && secretsIn(config.content).length > 0, [config.content, config.masks]);
  return (
    <div className="flex flex-col gap-4">
      <SecretsStrip config={config} />
      <ContentCards config={config} secret={secret} hidden={hidden} onHide={setHidden} />
    </div>
  );
}

interface CardsProps {
  config: ConfigFull;
  secret: boolean;
  hidden: boolean;
  onHide: (hidden: boolean) => void;
}

function ContentCards({ config, secret, hidden, onHide }: CardsProps) {
  const t = useT();
  const editor = useRef<EditorHandle>(null);
  const [outlined, toggleOutline] = useOutlined();
  const type = config.type || 'text';
  return (
    <div className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_20rem]">
      <Card flush className="overflow-hidden">
        <div className="flex items-center justify-between border-b border-line px-3 py-1 text-xs text-fg-2">
          <span>
            {type} · {bytes(config.size)}
          </span>
          <span className="flex items-center">
            {hasOutline(type) && <IconButton label={t.outline.title} icon={ListTree} aria-pressed={outlined} onClick={toggleOutline} className={cx('max-lg:hidden', outlined && 'bg-accent-soft text-accent-text')} />}
            {secret && <IconButton label={hidden ? t.config.secretsShow : t.config.secretsHide} icon={hidden ? Eye : EyeOff} onClick={() => onHide(!hidden)} />}
            <CopyButton text={config.content} label={t.config.copyContent} />
          </span>
        </div>
        <div className="flex h-[calc(100dvh-16rem)] min-h-72">
          {outlined && hasOutline(type) && <Outline type={type} text={config.content} onGo={(line) => editor.current?.goTo(line, 1)} className="w-52 shrink-0 border-r max-lg:hidden" />}
          <div className="min-w-0 flex-1">
            <CodeEditor ref={editor} readOnly value={config.content} type={type} label={t.config.contentOf(config.dataId)} hidden={secret && hidden ? t.config.secret : undefined} />
          </div>
        </div>
      </Card>
      <Card className="h-fit">
        <Facts
          items={[
            [t.configs.dataId, <span key="id" className="font-mono text-xs">{config.dataId}</span>],
            [t.common.group, config.groupName],
            [t.config.version, config.version],
            ['MD5', <span key="md5" className="inline-flex items-center font-mono text-xs break-all">{config.md5}<CopyButton text={config.md5 ?? ''} label={t.config.copyMd5} className="size-6" /></span>],
            [t.configs.changed, <Time key="at" at={config.modified} />],
            [t.config.changedBy, config.user],
            [t.config.from, config.createIp],
            [t.config.created, <Time key="created" at={config.createTime} />],
            [t.configs.app, config.appName],
            [t.configs.tags, config.configTags && <span key="tags" className="flex flex-wrap gap-1">{config.configTags.split(',').map((tag) => <Badge key={tag} title={tag}>{tag}</Badge>)}</span>],
            [t.common.description, config.desc],
            [t.config.listeners, config.listeners ? <Share key="share" part={config.listeners - config.behind} whole={config.listeners} /> : '0'],
          ]}
        />
      </Card>
    </div>
  );
}

function Actions({ config, onClone, onDelete }: { config: ConfigFull; onClone: () => void; onDelete: () => void }) {
  const t = useT();
  const { ns, group, name } = usePath();
  const writes = config.may.includes('w');
  return (
    <>
      <CopyButton data-key="c" text={() => location.href} label={t.common.copyLink} />
      <Menu trigger={<IconButton data-key="." label={t.common.more} icon={Ellipsis} />}>
        <MenuItem icon={Copy} onSelect={onClone}>
          {t.configs.clone}
        </MenuItem>
        <MenuItem icon={Download} onSelect={() => follow(exportAddress({ namespaceId: ns, ids: config.id }))}>
          {t.configs.export}
        </MenuItem>
        <MenuLine />
        <MenuItem icon={Trash2} danger disabled={!writes} onSelect={onDelete}>
          {t.common.delete}
        </MenuItem>
      </Menu>
      {writes ? (
        <Link to="/ns/$ns/configs/$group/$name/edit" params={{ ns, group, name }} data-key="e" className={buttonLink('primary')}>
          <Pencil size={15} aria-hidden />
          {t.common.edit}
        </Link>
      ) : (
        <Button look="primary" icon={Pencil} why={t.configs.mayNot}>
          {t.common.edit}
        </Button>
      )}
    </>
  );
}

function Body({ config }: { config: ConfigFull }) {
  const t = useT();
  const { ns, group, name } = usePath();
  const [search, change] = useAddress();
  const navigate = useNavigate();
  const [cloning, setCloning] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const tabs = [
    { key: 'content', title: t.config.content, content: () => <Content config={config} /> },
    { key: 'history', letter: 'h', title: t.config.history, content: () => <HistoryTab config={config} /> },
    { key: 'listeners', letter: 'l', title: <>{t.config.listeners} <span className="text-fg-3 tabular-nums">{config.listeners}</span></>, content: () => <ListenersTab config={config} /> },
    { key: 'gray', title: <>{t.config.gray} {config.gray.length > 0 && <span className="text-fg-3 tabular-nums">{config.gray.length}</span>}</>, content: () => <GrayTab config={config} /> },
    { key: 'code', title: t.config.code, content: () => <Samples query={{ namespaceId: ns, groupName: group, dataId: name }} /> },
  ];
  const tab = tabs.some((one) => one.key === search.tab) ? search.tab! : 'content';
  return (
    <>
      <PageHead
        title={name}
        crumbs={<Crumbs ns={ns} group={group} />}
        badges={
          <>
            <Badge>{config.type || 'text'}</Badge>
            {config.gray.length > 0 && <Badge level="gray">{t.configs.states.gray}</Badge>}
            {config.behind > 0 && <Badge level="warn">{t.config.behind(config.behind)}</Badge>}
          </>
        }
        actions={<Actions config={config} onClone={() => setCloning(true)} onDelete={() => setDeleting(true)} />}
      />
      <Tabs label={name} value={tab} onChange={(next) => change({ tab: next === 'content' ? undefined : next, v: undefined, to: undefined, page: undefined }, true)} tabs={tabs} />
      {cloning && <CloneDialog ns={ns} chosen={{ rows: [config] }} onClose={() => setCloning(false)} />}
      {deleting && <DeleteConfigs leave ns={ns} chosen={{ rows: [{ ...config, md5: config.md5 ?? '' }] }} onClose={() => setDeleting(false)} onDone={() => void navigate({ to: '/ns/$ns/configs', params: { ns } })} />}
    </>
  );
}

/** Everything about one configuration. */
export function ConfigPage() {
  const { ns, group, name } = usePath();
  const at = { ns, group, dataId: name };
  const query = useQuery({ queryKey: extConfigKeys.full(at), queryFn: () => getFull(at) });
  return <Loaded query={query} title={name} crumbs={<Crumbs ns={ns} group={group} />}>{(config) => <Body config={{ ...config, gray: config.gray ?? [] }} />}</Loaded>;
}
