import { Link } from '@tanstack/react-router';
import { Compass } from 'lucide-react';
import { useT } from '../i18n';
import { buttonLink } from '../ui/link';
import { Blank } from '../ui/states';

export function NotFound() {
  const t = useT();
  return (
    <Blank icon={Compass} title={<h1>{t.states.notFound}</h1>} text={t.states.notFoundText}>
      <Link to="/overview" className={buttonLink()}>
        {t.states.home}
      </Link>
    </Blank>
  );
}
