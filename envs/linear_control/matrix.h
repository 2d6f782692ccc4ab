#pragma once

#include <array>
#include <cmath>
#include <cstddef>

#include "envs/error.h"

namespace sounder {

/// A small dense matrix of doubles, [Rows, Columns], row-major, without heap memory. Sizes are part of the type, so
/// that mismatched ones do not compile.
template <std::size_t Rows, std::size_t Columns>
struct Matrix {
  std::array<double, Rows * Columns> elements{};

  constexpr double& operator()(std::size_t row, std::size_t column) noexcept {
    return elements[row * Columns + column];
  }
  constexpr double operator()(std::size_t row, std::size_t column) const noexcept {
    return elements[row * Columns + column];
  }
  friend constexpr bool operator==(const Matrix&, const Matrix&) = default;
};

template <std::size_t Size>
using Vector = Matrix<Size, 1>;

/// Returns `factor` times the identity.
template <std::size_t Size>
constexpr Matrix<Size, Size> scaled_identity(double factor) noexcept {
  Matrix<Size, Size> result;
  for (std::size_t i = 0; i < Size; ++i) result(i, i) = factor;
  return result;
}

template <std::size_t Rows, std::size_t Columns>
constexpr Matrix<Rows, Columns> operator+(const Matrix<Rows, Columns>& a, const Matrix<Rows, Columns>& b) noexcept {
  Matrix<Rows, Columns> result;
  for (std::size_t i = 0; i < Rows * Columns; ++i) result.elements[i] = a.elements[i] + b.elements[i];
  return result;
}

template <std::size_t Rows, std::size_t Columns>
constexpr Matrix<Rows, Columns> operator-(const Matrix<Rows, Columns>& a, const Matrix<Rows, Columns>& b) noexcept {
  Matrix<Rows, Columns> result;
  for (std::size_t i = 0; i < Rows * Columns; ++i) result.elements[i] = a.elements[i] - b.elements[i];
  return result;
}

template <std::size_t Rows, std::size_t Inner, std::size_t Columns>
constexpr Matrix<Rows, Columns> operator*(const Matrix<Rows, Inner>& a, const Matrix<Inner, Columns>& b) noexcept {
  Matrix<Rows, Columns> result;
  for (std::size_t i = 0; i < Rows; ++i) {
    for (std::size_t k = 0; k < Inner; ++k) {
      for (std::size_t j = 0; j < Columns; ++j) result(i, j) += a(i, k) * b(k, j);
    }
  }
  return result;
}

template <std::size_t Rows, std::size_t Columns>
constexpr Matrix<Columns, Rows> transposed(const Matrix<Rows, Columns>& a) noexcept {
  Matrix<Columns, Rows> result;
  for (std::size_t i = 0; i < Rows; ++i) {
    for (std::size_t j = 0; j < Columns; ++j) result(j, i) = a(i, j);
  }
  return result;
}

/// Computes x'Ax.
template <std::size_t Size>
constexpr double quadratic_form(const Matrix<Size, Size>& a, const Vector<Size>& x) noexcept {
  return (transposed(x) * a * x).elements[0];
}

/// Computes the trace of AB, the sum of a(i, j) b(j, i).
template <std::size_t Size>
constexpr double trace_of_product(const Matrix<Size, Size>& a, const Matrix<Size, Size>& b) noexcept {
  double trace = 0.0;
  for (std::size_t i = 0; i < Size; ++i) {
    for (std::size_t j = 0; j < Size; ++j) trace += a(i, j) * b(j, i);
  }
  return trace;
}

/// Solves AX = B for a symmetric positive definite A by its Cholesky factor; throws Error if A is not positive
/// definite.
template <std::size_t Size, std::size_t Columns>
Matrix<Size, Columns> solve_positive_definite(const Matrix<Size, Size>& a, Matrix<Size, Columns> b) {
  Matrix<Size, Size> factor;  // L, lower triangular: A = LL'
  for (std::size_t i = 0; i < Size; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double rest = a(i, j);
      for (std::size_t k = 0; k < j; ++k) rest -= factor(i, k) * factor(j, k);
      if (i == j && !(rest > 0.0)) throw Error("expected a symmetric positive definite matrix, got another one");
      factor(i, j) = i == j ? std::sqrt(rest) : rest / factor(j, j);
    }
  }
  for (std::size_t column = 0; column < Columns; ++column) {
    for (std::size_t i = 0; i < Size; ++i) {  // LY = B
      for (std::size_t k = 0; k < i; ++k) b(i, column) -= factor(i, k) * b(k, column);
      b(i, column) /= factor(i, i);
    }
    for (std::size_t i = Size; i-- > 0;) {  // L'X = Y
      for (std::size_t k = i + 1; k < Size; ++k) b(i, column) -= factor(k, i) * b(k, column);
      b(i, column) /= factor(i, i);
    }
  }
  return b;
}

}  // namespace sounder
