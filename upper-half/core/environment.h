// Clocks for the fronts: MPI_Wtime and MPI_Wtick do not cross.
#pragma once

namespace mana {

// Seconds since a point in the past. Goes on from where it was after a restart, whatever the machine's clock says.
double wtime();
double wtick();

}  // namespace mana
