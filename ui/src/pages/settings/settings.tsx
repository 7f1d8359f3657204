import type { ReactNode } from 'react';
import { SetupForm } from '../../app/login';
import { useAddress } from '../../app/query';
import { useMe, useServer } from '../../app/server';
import { useT } from '../../i18n';
import { change, settings, type Density, type Language, type Theme } from '../../lib/settings';
import { useStore } from '../../lib/store';
import { Switch } from '../../ui/choice';
import { CopyButton } from '../../ui/copybutton';
import { Field, Input, Select } from '../../ui/field';
import { Card, Facts, PageHead } from '../../ui/page';

function Choice<T extends string>({ label, value, options, onChange }: { label: string; value: T; options: readonly (readonly [T, string])[]; onChange: (value: T) => void }) {
  return (
    <Field label={label}>
      {(props) => (
        <Select {...props} value={value} onChange={(event) => onChange(event.target.value as T)}>
          {options.map(([key, text]) => (
            <option key={key} value={key}>
              {text}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}

function Toggle({ label, text, checked, onChange }: { label: string; text: ReactNode; checked: boolean; onChange: (on: boolean) => void }) {
  return (
    <div className="flex items-center justify-between gap-4">
      <span>
        <span className="block text-sm font-medium">{label}</span>
        <span className="text-xs text-fg-3">{text}</span>
      </span>
      <Switch checked={checked} onChange={onChange} label={label} />
    </div>
  );
}

/** How this browser shows the console, and what it talks to. */
export function SettingsPage() {
  const t = useT();
  const me = useMe();
  const has = useServer();
  const [search] = useAddress();
  const now = useStore(settings);
  const facts = { version: has.version, compatible: has.compatible, console: has.uiBuild, mode: has.mode, browser: navigator.userAgent };
  return (
    <>
      <PageHead title={t.nav.settings} text={me.username ? t.settings.textFollows(me.username) : t.settings.text} />
      <div className="grid items-start gap-4 lg:grid-cols-2">
        {has.auth.setupNeeded && search.setup && (
          <Card title={t.login.setup} className="lg:col-span-2">
            <p className="mb-4 text-sm text-fg-2">{t.login.setupText}</p>
            <div className="max-w-md">
              <SetupForm onDone={() => { location.hash = '#/overview'; location.reload(); }} />
            </div>
          </Card>
        )}
        <div className="flex flex-col gap-4">
          <Card title={t.settings.look}>
            <div className="grid gap-4 sm:grid-cols-2">
              <Choice<Language> label={t.nav.language} value={now.language} options={[['zh', '中文'], ['en', 'English']]} onChange={(language) => change({ language })} />
              <Choice<Theme> label={t.nav.theme} value={now.theme} options={(['system', 'light', 'dark', 'contrast'] as const).map((key) => [key, t.nav.themes[key]] as const)} onChange={(theme) => change({ theme })} />
              <Choice<Density> label={t.settings.density} value={now.density} options={[['comfortable', t.settings.comfortable], ['compact', t.settings.compact]]} onChange={(density) => change({ density })} />
              <Field label={t.settings.editorSize}>{(props) => <Input {...props} type="number" min={10} max={24} value={now.editorSize} onChange={(event) => change({ editorSize: Math.min(24, Math.max(10, Number(event.target.value) || 13)) })} />}</Field>
            </div>
          </Card>
          <Card title={t.settings.about} actions={<CopyButton text={() => JSON.stringify(facts, null, 2)} label={t.states.copyDiagnostics} />}>
            <Facts
              items={[
                [t.settings.server, t.common.version(has.version)],
                [t.settings.compatible, has.compatible],
                [t.settings.build, has.uiBuild],
                [t.settings.mode, t.settings.modes[has.mode as 'cluster'] ?? has.mode],
                [t.settings.user, me.username || t.nav.anonymous],
                [t.access.roles, me.roles?.join(', ')],
                [t.settings.licence, 'Apache-2.0'],
              ]}
            />
            <a href="./third-party.txt" className="mt-3 inline-block text-sm text-accent-text underline" target="_blank" rel="noreferrer">
              {t.settings.thirdParty}
            </a>
          </Card>
        </div>
        <Card title={t.settings.behaviour}>
          <div className="flex flex-col gap-4">
            <Toggle label={t.settings.live} text={t.settings.liveText} checked={now.live} onChange={(live) => change({ live })} />
            <Toggle label={t.settings.shortcuts} text={t.settings.shortcutsText} checked={now.shortcuts} onChange={(shortcuts) => change({ shortcuts })} />
            <Toggle label={t.settings.utc} text={t.settings.utcText} checked={now.utc} onChange={(utc) => change({ utc })} />
            <Toggle label={t.settings.secrets} text={t.settings.secretsText} checked={now.secrets} onChange={(secrets) => change({ secrets })} />
            <Toggle label={t.edit.wrap} text={t.settings.wrapText} checked={now.wrap} onChange={(wrap) => change({ wrap })} />
          </div>
        </Card>
      </div>
    </>
  );
}
