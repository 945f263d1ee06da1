/** Addresses of the images to open. */

/** Fields of the form, as the address of the page names them. */
interface OpenFormProps {
  readonly image: string;
  readonly result: string;
}

/** A form that opens the page anew with the addresses given. */
export function OpenForm({ image, result }: OpenFormProps) {
  return (
    <form class="open" method="get" action="">
      <h2>Open an image</h2>
      <p>Give the address of an OME-Zarr, and that of its deconvolved result to compare the two.</p>
      <label>
        Image
        <input type="url" name="image" required value={image} placeholder="https://example.org/sample.ome.zarr" />
      </label>
      <label>
        Result
        <input type="url" name="result" value={result} placeholder="https://example.org/deconvolved.ome.zarr" />
      </label>
      <button type="submit">Open</button>
    </form>
  );
}
