/** Asks for the key of a service that has keys. */
import { useState } from "preact/hooks";
import type { Service } from "./service/service.ts";

/** The form, where a call was refused for lack of a key; a way to forget the key, where there is one. */
export function KeyForm({ service }: { readonly service: Service }) {
  const [text, setText] = useState("");
  if (!service.asksForKey.value) return null;
  const isWrong = service.key.value !== "";
  return (
    <form
      class="notice key"
      onSubmit={(event) => {
        event.preventDefault();
        service.useKey(text.trim());
        setText("");
      }}
    >
      <h2>{isWrong ? "This key is not valid here, or no longer" : "This service asks for a key"}</h2>
      <p>It is kept in this tab until the tab is closed, and sent to this service alone.</p>
      <label for="key">Key</label>
      <p class="actions">
        <input
          id="key"
          type="password"
          autocomplete="off"
          required
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="main">Use this key</button>
      </p>
    </form>
  );
}
