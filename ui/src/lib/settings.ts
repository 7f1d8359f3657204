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

const choices = {
  theme: ['system', 'light', 'dark', 'contrast'],
  language: ['zh', 'en'],
  density: ['comfortable', 'compact'],
} satisfies Partial<Record<keyof Settings, string[]>>;

// Whether this browser may tell what changes is its own affair: live stays here.
const following = ['theme', 'language', 'density', 'shortcuts', 'utc', 'wrap', 'secrets', 'editorSize'] as const;

/** The settings that follow a user from browser to browser. */
export function shared(all: Settings): Partial<Settings> {
  return Object.fromEntries(following.map((name) => [name, all[name]]));
}

function fits(name: (typeof following)[number], value: unknown): boolean {
  if (name in choices) return typeof value === 'string' && choices[name as keyof typeof choices].includes(value);
  return name === 'editorSize' ? typeof value === 'number' && value >= 10 && value <= 24 : typeof value === 'boolean';
}

/** Takes over settings that were kept elsewhere; what is none is left out. Tells what they will be before anybody sees them. */
export function adopt(kept: unknown, tell: (next: Settings) => void): void {
  if (typeof kept !== 'object' || !kept) return;
  const found = following.flatMap((name) => {
    const value = (kept as Record<string, unknown>)[name];
    return fits(name, value) ? [[name, value] as const] : [];
  });
  const part = Object.fromEntries(found);
  tell({ ...settings.get(), ...part });
  change(part);
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
