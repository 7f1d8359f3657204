import { recall } from '../lib/persist';

export type Language = 'en' | 'zh';

/** The language for who has not chosen one. */
export function guessLanguage(): Language {
  return navigator.languages.some((tag) => tag.toLowerCase().startsWith('zh')) ? 'zh' : 'en';
}

/** The texts of a language: by itself the one that this browser shows. */
export async function fetchTexts(language: Language = recall<{ language?: Language }>('settings', {}).language ?? guessLanguage()) {
  return language === 'zh' ? (await import('./zh')).zh : (await import('./en')).en;
}
