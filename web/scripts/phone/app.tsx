// The phone: one page that opens without a connection.
import { render } from "preact";
import { checkWritable, openStore } from "./store";
import { Phone } from "./phone";
import { Title } from "./title";
import { _, learn } from "./words";

async function begin(): Promise<void> {
  const place = document.getElementById("app");
  if (!place) return;
  await learn();
  place.replaceChildren();
  try {
    const store = await openStore();
    await checkWritable(store);
    render(<Phone store={store} />, place);
  } catch {
    render(
      <div class="note wrong" role="alert">
        <Title>{_("This phone cannot store anything")}</Title>
        <p>{_("Nothing can be logged here, because it would be lost. Free some space, or leave private browsing, and open the app again.")}</p>
      </div>,
      place,
    );
  }
}

void begin();
