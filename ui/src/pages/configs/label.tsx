import { useState } from 'react';
import { useT } from '../../i18n';
import { types } from '../../lib/lint/check';
import { Checkbox } from '../../ui/choice';
import { FormDialog } from '../../ui/dialog';
import { Field, Input, Select } from '../../ui/field';
import { PlanDialog } from '../bulk/plan';
import { countOf, type Chosen } from './selection';

interface Props {
  ns: string;
  chosen: Chosen;
  onClose: () => void;
  onDone: () => void;
}

const maxText = 128; // letters of an application and of a description
const tagActs = ['', 'addTags', 'removeTags', 'setTags'] as const;

// A text that replaces others once it is asked to.
function Replaced({ label, value, onChange }: { label: string; value: string | undefined; onChange: (value: string | undefined) => void }) {
  const t = useT();
  return (
    <div className="flex flex-col gap-1.5">
      <Checkbox label={t.label.replace(label)} checked={value !== undefined} onChange={(on) => onChange(on ? '' : undefined)} />
      {value !== undefined && <Input aria-label={label} autoFocus maxLength={maxText} placeholder={t.label.blank} value={value} onChange={(event) => onChange(event.target.value)} />}
    </div>
  );
}

/** Changes what is said of many configurations beside their content: first what, then what that does to each. */
export function LabelDialog({ ns, chosen, onClose, onDone }: Props) {
  const t = useT();
  const count = countOf(chosen);
  const [type, setType] = useState('');
  const [app, setApp] = useState<string>();
  const [desc, setDesc] = useState<string>();
  const [act, setAct] = useState<(typeof tagActs)[number]>('');
  const [tags, setTags] = useState('');
  const [planned, setPlanned] = useState(false);
  const listed = act !== '' && tags.trim() === '' && act !== 'setTags';
  const why = listed ? t.label.tagsMissing : !type && app === undefined && desc === undefined && !act && t.label.nothing;
  if (planned) {
    const more = { ...(type && { setType: type }), ...(app !== undefined && { setAppName: app }), ...(desc !== undefined && { setDesc: desc }), ...(act && { [act]: tags }) };
    return (
      <PlanDialog
        title={t.label.title(count)}
        ask={{ action: 'config.label', namespaceId: ns, ...('rows' in chosen ? { selection: chosen.rows.map(({ groupName, dataId, md5 }) => ({ groupName, dataId, md5 })), more } : { more: { ...chosen.filter, ...more } }) }}
        submit={t.label.submit}
        stale={[['configs', ns], ['config', ns], ['releases', ns]]}
        done={t.label.done}
        again={(items) => items.map(({ target: { groupName, dataId } }) => ({ groupName, dataId }))}
        onClose={onClose}
        onDone={onDone}
      >
        <p className="text-sm text-fg-2">{t.label.text}</p>
      </PlanDialog>
    );
  }
  return (
    <FormDialog local open onClose={onClose} title={t.label.title(count)} description={t.label.text} submit={t.bulk.plan} why={why} onSubmit={() => setPlanned(true)}>
      <Field label={t.configs.type}>
        {(props) => (
          <Select {...props} autoFocus value={type} onChange={(event) => setType(event.target.value)}>
            <option value="">{t.label.leave}</option>
            {types.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </Select>
        )}
      </Field>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label={t.configs.tags}>
          {(props) => (
            <Select {...props} value={act} onChange={(event) => setAct(event.target.value as typeof act)}>
              {tagActs.map((one) => (
                <option key={one} value={one}>
                  {one ? t.label.tagActs[one] : t.label.leave}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {act && <Field label={t.label.tagList}>{(props) => <Input {...props} value={tags} onChange={(event) => setTags(event.target.value)} />}</Field>}
      </div>
      <Replaced label={t.configs.app} value={app} onChange={setApp} />
      <Replaced label={t.common.description} value={desc} onChange={setDesc} />
    </FormDialog>
  );
}
