import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { useT } from '../i18n';
import { copyText } from '../lib/copy';
import { Button, IconButton } from './button';
import { complain } from './toast';

interface Props {
  text: string | (() => string);
  label?: string;
  wide?: boolean;
  className?: string;
  'data-key'?: string;
}

export function CopyButton({ text, label, wide, ...rest }: Props) {
  const t = useT();
  const [done, setDone] = useState(false);
  const copy = async () => {
    if (!(await copyText(typeof text === 'string' ? text : text()))) {
      complain(new Error(t.states.copyFailed));
      return;
    }
    setDone(true);
    setTimeout(() => setDone(false), 2500);
  };
  const name = done ? t.common.copied : (label ?? t.common.copy);
  const icon = done ? Check : Copy;
  if (wide) {
    return (
      <Button icon={icon} onClick={() => void copy()} {...rest}>
        {name}
      </Button>
    );
  }
  return <IconButton label={name} icon={icon} onClick={() => void copy()} {...rest} />;
}
