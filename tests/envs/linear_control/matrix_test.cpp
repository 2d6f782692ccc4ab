#include "envs/linear_control/matrix.h"

#include <limits>

#include "tests/catch.h"

using namespace sounder;

TEST_CASE("matrices are multiplied, added, subtracted and transposed as by hand") {
  constexpr Matrix<2, 3> a{{1, 2, 3,  //
                            4, 5, 6}};
  constexpr Matrix<3, 2> b{{1, 0,   //
                            -1, 2,  //
                            0, 1}};
  CHECK(a * b == Matrix<2, 2>{{-1, 7, -1, 16}});
  CHECK(transposed(a) == Matrix<3, 2>{{1, 4, 2, 5, 3, 6}});
  CHECK(a + a == Matrix<2, 3>{{2, 4, 6, 8, 10, 12}});
  CHECK(a - transposed(b) == Matrix<2, 3>{{0, 3, 3, 4, 3, 5}});
  CHECK(scaled_identity<2>(3) == Matrix<2, 2>{{3, 0, 0, 3}});
  CHECK(a(1, 0) == 4);
}

TEST_CASE("quadratic forms and traces of products are as by hand") {
  constexpr Matrix<2, 2> a{{1, 2, 3, 4}};
  CHECK(quadratic_form(a, {{2, -1}}) == 4 - 4 - 6 + 4);
  CHECK(trace_of_product(a, {{5, 6, 7, 8}}) == 5 + 14 + 18 + 32);
}

TEST_CASE("a positive definite system is solved for several right-hand sides") {
  constexpr Matrix<3, 3> a{{4, 2, -2,  //
                            2, 10, 2,  //
                            -2, 2, 5}};
  constexpr Matrix<3, 2> x{{1, -2,   //
                            2, 0.5,  //
                            -3, 1}};
  const Matrix<3, 2> solution = solve_positive_definite(a, a * x);
  for (std::size_t i = 0; i < 6; ++i) CHECK(solution.elements[i] == Approx(x.elements[i]).epsilon(1e-12));
}

TEST_CASE("a matrix that is not positive definite is refused") {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr Vector<2> b{{1, 1}};
  CHECK_THROWS_AS(solve_positive_definite<2>({{1, 2, 2, 1}}, b), Error);
  CHECK_THROWS_AS(solve_positive_definite<2>({{0, 0, 0, 1}}, b), Error);
  CHECK_THROWS_AS(solve_positive_definite<2>({{kNan, 0, 0, 1}}, b), Error);
}
