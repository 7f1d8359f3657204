import { guessLanguage, type Language } from '../i18n/fetch';
import { recall, remember } from './persist';
import { createStore } from './store';

export type Theme = 'system' | 'light' | 'dark' | 'contrast';
export type { Language };
export type Density = 'comfortable' | 'compact';

export interface Settings {
  theme: Theme;
  language: Language;
  density: Density;
  live: boolean;
  shortcuts: boolean;
  utc: boolean;
  wrap: boolean;
  secrets: boolean;
  editorSize: number;
}

const defaults: Settings = {
  theme: 'system',
  language: guessLanguage(),
  density: 'comfortable',
  live: true,
  shortcuts: true,
  utc: false,
  wrap: false,
  secrets: true,
  editorSize: 13,
};

export const settings = createStore<Settings>({ ...defaults, ...recall<Partial<Settings>>('settings', {}) });

export function change(part: Partial<Settings>): void {
  const next = { ...settings.get(), ...part };
  settings.set(next);
  remember('settings', next);
}

const darkQuery = matchMedia('(prefers-color-scheme: dark)');
const contrastQuery = matchMedia('(prefers-contrast: more)');

function effective(theme: Theme): Exclude<Theme, 'system'> {
  if (theme !== 'system') return theme;
  if (contrastQuery.matches) return 'contrast';
  return darkQuery.matches ? 'dark' : 'light';
}

/** Keeps the document's attributes in step with the settings. */
export function applyTheme(): void {
  const paint = () => {
    const { theme, density } = settings.get();
    document.documentElement.dataset.theme = effective(theme);
    document.documentElement.dataset.density = density;
  };
  paint();
  settings.subscribe(paint);
  darkQuery.addEventListener('change', paint);
  contrastQuery.addEventListener('change', paint);
}
