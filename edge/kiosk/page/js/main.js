/** Starts the page: settings first, then texts, then everything else; again until it works. */

import { settings as fetchSettings } from "./api.js";
import { choice, offer } from "./choices.js";
import { resolve, speak } from "./i18n.js";
import { Kiosk } from "./kiosk.js";
import * as notice from "./notice.js";

const AGAIN_MS = 1500;

async function begin() {
  try {
    await speak(resolve(choice("language")));
    const settings = await fetchSettings();
    offer(settings);
    await speak(resolve(choice("language")));
    notice.say("server", "");
    new Kiosk(settings).start().then(() => {
      document.documentElement.dataset.ready = "yes";
    });
  } catch (problem) {
    notice.say("server", problem.status === 401 ? "error.401" : "server.lost");
    setTimeout(begin, AGAIN_MS);
  }
}

begin();
