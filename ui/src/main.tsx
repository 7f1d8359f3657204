import { createRoot } from 'react-dom/client';
import './app.css';
import { followUser } from './app/prefs';
import { Root } from './app/root';
import { startLanguage } from './i18n';
import { applyTheme } from './lib/settings';

// After an upgrade of the server an old page may ask for code that is no longer
// there. It loads anew, once: a second failure has another cause.
const again = 'nc.reloaded';
addEventListener('vite:preloadError', (event) => {
  const last = Number(sessionStorage.getItem(again));
  if (Date.now() - last < 30_000) return;
  event.preventDefault();
  sessionStorage.setItem(again, String(Date.now()));
  location.reload();
});

applyTheme();
followUser();
await startLanguage();
createRoot(document.getElementById('root')!).render(<Root />);
