// How long a widening lasts still, and the page anew when it is over: then it shows nothing of the area any more.
import { element, read } from "./map/page";

const times = read<{ left: string }>("times");
const left = element("left");
const ends = Date.parse(left.dataset["until"] ?? "");

function show(): void {
  const seconds = Math.ceil((ends - Date.now()) / 1000);
  if (seconds <= 0) {
    clearInterval(ticking);
    location.replace(location.pathname);
    return;
  }
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  left.textContent = times.left.replace("%s", clock);
}

const ticking = setInterval(show, 1000);
show();
document.addEventListener("visibilitychange", show);
