/** Help of `clearstack psf`. */

export const PSF_HELP = `clearstack psf generate OUTPUT --model MODEL --voxel Z,Y,X [flags]
clearstack psf inspect PSF [flags]
clearstack psf resample PSF OUTPUT [flags]
clearstack psf average PSF PSF... OUTPUT [flags]
clearstack psf crop PSF OUTPUT --shape Z,Y,X [flags]
clearstack psf plane PSF OUTPUT [--take focus] [flags]
clearstack psf from-beads IMAGE OUTPUT --bead-distance UM [flags]

Lengths are micrometres, wavelengths nanometres. OUTPUT ends in .tif or .zarr;
PSFs are written as float32 of sum 1.

generate computes a PSF, averaged over each voxel:
  --model M              gaussian, born-wolf, gibson-lanni or light-sheet
  --na, --emission, --index
                         the lens: numerical aperture, emission wavelength,
                         immersion index
  --voxel Z,Y,X          voxel size, or --like IMAGE [--like-path P] to take
                         that of an image
  --shape auto           Z,Y,X voxels; auto holds what matters
  --fwhm Z,Y,X           gaussian: widths at half height, instead of a lens
  --sample-index, --depth, --working-distance, --immersion-design-index,
  --coverslip, --coverslip-design, --coverslip-index, --coverslip-design-index
                         gibson-lanni, light-sheet: what lies between lens and
                         point
  --confocal --excitation NM [--pinhole 1]
                         born-wolf, gibson-lanni: a confocal microscope; pinhole
                         in Airy units
  --sheet UM             light-sheet: thickness of the sheet at half height
  --flip-z               for stacks whose first plane lies deepest

inspect measures a PSF and says what is wrong with it:
  --na, --emission, --index
                         compare its sampling with the Nyquist spacing
  --voxel Z,Y,X          if the file does not state its voxel size

resample and average mend measured PSFs, in this order:
  --subtract-background  take off the level of the array's border, or
                         --background LEVEL
  --recentre peak        move the peak (or centre of mass: mass) to the centre
                         of the array
  --radial-average       average over all angles about the optical axis
  --voxel Z,Y,X          resample to this voxel size, or --like IMAGE;
                         --psf-voxel Z,Y,X if the PSF does not state its own
  --crop-energy 0.999    crop to the smallest box about the centre with this
                         share of the light

crop and plane cut a PSF, and scale it to sum 1:
  --shape Z,Y,X          crop: voxels to keep about the centre
  --take focus           plane: the plane of the brightest voxel, or the sum
                         along z (project)

from-beads finds beads that stand alone, centres and averages them:
  --bead-distance UM     beads nearer to each other are left out
  --shape Z,Y,X          voxels of the PSF, odd; default half the distance to
                         every side
  --threshold 8          least height above the background, in its standard
                         deviations
  --saturation VALUE     leave out beads that reach it; default the largest
                         value of an integer image
  --voxel Z,Y,X          if IMAGE does not state its voxel size
  --radial-average, --crop-energy 0.999

All that read a PSF or IMAGE take one volume of it:
  --channel C, --time T  channel by index or name, time point from 0
  --path P               array inside a group, or number of an image of an
                         OME-TIFF
  --axes zyx             axes of a file that does not state them
  --pages as-listed      take the pages of a TIFF that are there

All:
  --picture FILE         draw xy and xz, linear and with gamma 0.3, as PNG
  --overwrite            replace an OUTPUT that these commands wrote
  --json                 print the result as one JSON object
`;
