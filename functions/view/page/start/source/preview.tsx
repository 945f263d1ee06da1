/** A picture of an image, drawn as the viewer draws it. What draws is loaded with the first one. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { PlaneName } from "../../state/plane.ts";
import { asCallError } from "../service/call_error.ts";

interface PreviewProps {
  /** Address of an OME-Zarr. */
  readonly url: string;
  readonly plane: PlaneName;
  /** What is seen. */
  readonly words: string;
  /** What lies over it. */
  readonly children?: ComponentChildren;
}

/** The picture. */
export function Preview({ url, plane, words, children }: PreviewProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [fault, setFault] = useState("");
  useEffect(() => {
    let stop: (() => void) | undefined;
    let isLeft = false;
    const open = async () => {
      const { openPreview } = await import("./open_preview.ts");
      if (isLeft || canvas.current === null) return;
      const failed = (thrown: unknown) => setFault(asCallError(thrown).message);
      stop = await openPreview(canvas.current, { url, plane, failed });
      if (isLeft) stop();
    };
    open().catch((thrown) => setFault(asCallError(thrown).message));
    return () => {
      isLeft = true;
      stop?.();
    };
  }, [url, plane]);
  return (
    <figure class="preview">
      <div class="frame">
        <canvas ref={canvas} role="img" aria-label={words} />
        {children}
      </div>
      <figcaption class="note">{fault === "" ? words : `There is no picture: ${fault}`}</figcaption>
    </figure>
  );
}
