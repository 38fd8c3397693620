// Signing out clears what the browser stores. Where visits still wait there to be sent, whoever signs out is told first.
const leave = document.querySelector<HTMLFormElement>("form.leave");

leave?.addEventListener("submit", (event) => {
  event.preventDefault();
  void waiting().then((count) => (count ? location.assign("/phone/app#leave") : leave.submit()));
});

async function waiting(): Promise<number> {
  try {
    const known = await indexedDB.databases();
    if (!known.some((each) => each.name === "lantern-phone")) return 0;
    return await count();
  } catch {
    return 0;
  }
}

function count(): Promise<number> {
  return new Promise((found, failed) => {
    const opening = indexedDB.open("lantern-phone");
    opening.onerror = () => failed(opening.error);
    opening.onsuccess = () => {
      const counted = opening.result.transaction("queue").objectStore("queue").count();
      counted.onerror = () => failed(counted.error);
      counted.onsuccess = () => found(counted.result);
    };
  });
}
