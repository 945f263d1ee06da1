/** What went wrong with a call of the service, and what can be done. */
import { inWords } from "./form/field_words.ts";
import { type CallError, mendOf } from "./service/call_error.ts";

interface ErrorNoticeProps {
  readonly error: CallError | undefined;
  /** What could not be done, as a sentence. */
  readonly about: string;
}

/** The notice; an empty place for one while there is no error, so that a new one is read out. */
export function ErrorNotice({ error, about }: ErrorNoticeProps) {
  const mend = error === undefined ? "" : mendOf(error);
  return (
    <div role="alert">
      {error !== undefined && (
        <div class="notice">
          <p>
            <strong>{about}</strong> {inWords(error.message)}
          </p>
          {mend !== "" && <p>{mend}</p>}
        </div>
      )}
    </div>
  );
}
